const reset = '\u001b[0m';
const colors: Readonly<Record<string, string>> = {
  succeeded: '\u001b[32m',
  running: '\u001b[36m',
  failed: '\u001b[31m',
  timeout: '\u001b[31m',
  lost: '\u001b[31m',
  interrupted: '\u001b[33m',
};

/** Colours a text by the state it tells: green is well, red is not, yellow was stopped. */
export function paintState(state: string, text: string): string {
  const color = colors[state];
  return color === undefined ? text : `${color}${text}${reset}`;
}

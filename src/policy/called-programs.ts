/** Words after which another command begins. */
const keywords = new Set(['do', 'then', 'else', 'elif', 'if', 'while', 'until', '!', '{', 'time', 'coproc']);

/** Programs that run the command among their arguments. */
const runners = new Set([
  ...['exec', 'command', 'builtin', 'eval', 'env', 'nohup', 'sudo', 'nice', 'ionice', 'timeout', 'setsid'],
  ...['stdbuf', 'xargs', 'flock', 'chrt', 'taskset', 'numactl', 'parallel', 'watch', 'script', 'srun'],
]);

const shells = new Set(['bash', 'sh', 'zsh', 'dash', 'ksh']);

/**
 * Whether a shell text calls a program: as a command of its own, after variables and keywords, through a program
 * that runs others (`timeout 1h sleep 5`), or in a text that a shell is given (`bash -c 'sleep 5'`). What stands in
 * quotes otherwise is text, but for `$(…)`.
 */
export function callsProgram(text: string, program: string): boolean {
  return splitCommands(text).some((words) => {
    let at = 0;
    while (at < words.length && (keywords.has(words[at] ?? '') || /^\w+\+?=/.test(words[at] ?? ''))) at += 1;
    const [name = '', ...rest] = words.slice(at).map((word) => word.replace(/^.*\//, ''));
    if (name === program) return true;
    const isRunner = runners.has(name);
    if (isRunner && rest.includes(program)) return true;
    const shell = isRunner ? rest.findIndex((word) => shells.has(word)) : shells.has(name) ? -1 : undefined;
    if (shell === undefined || (isRunner && shell === -1))
      return name === 'eval' && calledIn(words, at, program);
    const flags = words.slice(at + 2 + shell);
    const option = flags.findIndex((word) => /^-\w*c$/.test(word));
    return option !== -1 && callsProgram(flags[option + 1] ?? '', program);
  });
}

function calledIn(words: readonly string[], at: number, program: string): boolean {
  return callsProgram(words.slice(at + 1).join(' '), program);
}

/** The simple commands of a text, each as its words without their quotes; those inside `$(…)` are among them. */
function splitCommands(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    commands.push([]);
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\\') {
      at += 1;
      if (text[at] !== '\n') word = (word ?? '') + (text[at] ?? '');
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      const to = end === -1 ? text.length : end;
      word = (word ?? '') + text.slice(at + 1, to);
      at = to;
    } else if (char === '"') {
      const quoted = /^(?:[^"\\]|\\[\s\S])*/.exec(text.slice(at + 1))?.[0] ?? '';
      word = (word ?? '') + quoted.replace(/\\([$`"\\])/g, '$1');
      for (const [, inner] of quoted.matchAll(/\$\(([^)]*)\)|`([^`]*)`/g))
        commands.unshift(...splitCommands(inner ?? '').map((each) => [...each]));
      at += quoted.length + 1;
    } else if (char === '#' && word === undefined) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end - 1;
    } else if (/[;&|()`\n]/.test(char)) endCommand();
    else if (/\s/.test(char)) endWord();
    else word = (word ?? '') + char;
  }
  endWord();
  return commands.filter(({ length }) => length > 0);
}

/** Programs that take no other program's command line: what follows their arguments is not theirs. */
const complete =
  /^(?:python[\d.]*|Rscript|julia|node|make|cd|export|mkdir|pip3?|source|wget|curl|tar|unzip|git|cp|mv|rm)$/;
const interpreter = /^(?:python[\d.]*|bash|sh|torchrun|accelerate|deepspeed|Rscript|julia|node)$/;
const starter =
  /^(?:python[\d.]*|bash|sh|torchrun|accelerate|deepspeed|srun|Rscript|julia|node|make|cd|export|mkdir|pip3?|source|wget|curl|tar|unzip|git|cp|mv|rm)$/;
const script = /^(?:-[mc]|\S+\.(?:py|sh|R|r|jl|js|ts))$/;

/** Asking where a word stands reads the whole text; a command that needs more of it is left alone. */
const mostAsked = 50;

interface Word {
  readonly text: string;
  readonly start: number;
}

/**
 * Finds a second command that only a space parts from the first, as when YAML folds two lines into one:
 * `python a.py python b.py`. Quoted text and what follows `;`, `&`, `|` or a line break is not looked at
 * together. It is a guess: a word that follows an option (`--cmd python`) is taken for its value.
 *
 * @param startsLine whether the word at an offset is the first of its line in the file
 */
export function findJoinedCommand(
  text: string,
  startsLine: (word: Word) => boolean,
): { readonly start: number; readonly end: number } | undefined {
  const bare = text
    .replace(/\\\n/g, '  ')
    .replace(/'[^']*'|"(?:[^"\\]|\\[\s\S])*"/g, (quoted) => 'q'.repeat(quoted.length));
  let asked = 0;
  for (const command of bare.matchAll(/[^;&|\n(){}]+/g)) {
    const words = [...command[0].matchAll(/\S+/g)].map((word) => ({
      text: word[0],
      start: command.index + word.index,
    }));
    const first = words.findIndex((word) => !/^\w+=/.test(word.text));
    if (first === -1 || !complete.test(words[first]?.text ?? '')) continue;
    const usesScript = /^(?:python|Rscript|julia|node)/.test(words[first]?.text ?? '');
    let hasScript = script.test(words[first + 1]?.text ?? '');
    for (let i = first + 2; i < words.length; i++) {
      const word = words[i] as Word;
      const second = (!usesScript || hasScript) && isInterpreted(words[i - 1], word, words[i + 1]);
      if (second || (starter.test(word.text) && asked++ < mostAsked && startsLine(word)))
        return { start: word.start, end: word.start + word.text.length };
      hasScript ||= script.test(word.text);
    }
  }
  return undefined;
}

/** `python b.py`, and no value of an option. */
function isInterpreted(before: Word | undefined, word: Word, after: Word | undefined): boolean {
  if (!interpreter.test(word.text) || after === undefined || !script.test(after.text)) return false;
  return before?.text.startsWith('-') !== true;
}

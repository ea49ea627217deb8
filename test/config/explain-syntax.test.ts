import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

/** `line:column marked text: message; hint`. */
function told(text: string): string[] {
  const launch = new SourceFile('config/launch.yaml', text);
  const { diagnostics } = readConfig({ launch, folder: 'project', diagnostics: [] });
  return diagnostics.map(({ message, hint, location }) => {
    if (location === undefined) return message;
    const { line, column } = launch.position(location.offset);
    const marked = text.slice(location.offset, location.offset + location.length);
    return `${line}:${column} ${marked}: ${message}; ${hint}`;
  });
}

/** The lines of a model below `command: echo`. */
const model = (...lines: string[]) =>
  `model:\n  m:\n    command: echo\n${lines.map((line) => `    ${line}\n`).join('')}`;

describe('what is mistyped in YAML', () => {
  const withSpace = 'no space after the ":"; write "gpu_count: 1"';
  const openBrace = 'this "{" is never closed; add "}" after the last value';
  const openList = 'this "[" is never closed; add "]" after the last value';
  const indent = 'is not indented; begin its lines with more spaces than the line of "command"';
  const ownLine = 'or start it on its own line below ">-"';
  it.each([
    [model('gpu_count:1', 'memory: 3'), `4:5 gpu_count:1: ${withSpace}`],
    [model('gpu_count:1'), `4:5 gpu_count:1: ${withSpace}`],
    [`${model()}gpu_count:1\n`, `4:1 gpu_count:1: ${withSpace}`],
    [
      'model:\n  m:\n    command:echo hi\n',
      '3:5 command:echo hi: model "m" must be a mapping with at least a command, but is the text "command:echo hi"; ' +
        'write "command: echo hi", with a ":" and a space',
    ],
    [
      'model:\n  m:\n    command echo\n',
      '3:5 command echo: model "m" must be a mapping with at least a command, but is the text "command echo"; ' +
        'write "command: echo", with a ":" and a space',
    ],
    [
      model('memory 3'),
      '4:5 memory 3: a key without a ":" after it; write "key: value", with a space after the ":"',
    ],
    [model('hparam: {lr: [1, 2]', 'memory: 3'), `4:13 {: ${openBrace}`],
    [`${model('hparam: {lr: [1, 2]')}dataset:\n  a: {}\n`, `4:13 {: ${openBrace}`],
    ['model:\n  m: {command: echo, hparam: {lr: [1, 2]}\n', `2:6 {: ${openBrace}`],
    [model('hparam:', '  lr: [1, "]"', '  b: 3'), `5:11 [: ${openList}`],
    [model('hparam: {a: [1, 2}'), '4:17 [: this "[" is never closed; add "]" before the "}"'],
    [model('hparam: {lr: [1, 2]}}'), '4:25 }: this "}" closes nothing; remove it'],
    [
      model('hparam: {a: 1 b: 2}'),
      '4:17 1 b: 2: a "," is missing between two entries; write {key: value, key: value}',
    ],
    [
      'model:\n  m:\n    command: >-\n    echo hi\n    memory: 3\n',
      `4:5 echo hi: the text of "command: >-" ${indent}`,
    ],
    ['model:\n  m:\n    command: | # why\n\n  echo hi\n', `5:3 echo hi: the text of "command: |" ${indent}`],
    [
      model('hparam:', '  fn: a', '  - b'),
      '6:7 - b: a list below a key that has a value already; write all values as one list, such as "key: [1, 2]"',
    ],
    [
      model('  memory: 3'),
      '4:7 memory: 3: this line is indented deeper than "command" above it, which has a value already; ' +
        'start it in the same column as "command"',
    ],
    [
      'model:\n  m:\n    command: echo\n   memory: 3\n',
      '4:4 memory: 3: this line starts in another column than those it belongs to; ' +
        'lines of one mapping or list start in the same column',
    ],
    [model('image: a: b'), `4:12 a: a second ": " in one line; put the value in quotes, ${ownLine}`],
    [
      model('image: "a"b c'),
      `4:15 b c: the value ends with this ", and more follows; put other quotes around the whole value, ${ownLine}`,
    ],
    [
      model('image: > out.txt'),
      '4:14 out.txt: YAML reads ">" as the beginning of a text on the lines below; ' +
        'start the text on the line below, indented, or put quotes around it with its ">"',
    ],
    [
      model('image: @a b'),
      `4:12 @a b: a text without quotes cannot start with "@"; put quotes around it, ${ownLine}`,
    ],
    [
      model('image: "a \\d"'),
      '4:15 \\d: \\d means nothing in double quotes; write \\\\d, or put single quotes around the text',
    ],
    [model('\timage: a'), '4:5 \t: a tab cannot indent YAML; use spaces'],
    [
      'model:\n  m:\n    command: [ -f a ] && b\n',
      '3:23 &&: YAML reads "[" as the start of a list; start the command on its own line below "command: >-"',
    ],
  ])('%j', (text, expected) => {
    expect(told(text)).toEqual([expected]);
  });
});

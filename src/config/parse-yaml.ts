import { Composer, type CST, type Document, isScalar, Lexer, type ParsedNode, Parser } from 'yaml';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { explainSyntax } from './explain-syntax.ts';
import { type GrownTree, growTree } from './grow-tree.ts';

/** Far more than people write, and little enough that the worst text of that size is refused in a blink. */
const limits = { tokens: 350_000, depth: 50 };

/**
 * The text of a file as a tree with positions. Text that is not YAML, or YAML that no configuration needs
 * (several documents, custom tags, aliases that unfold without end), gives one diagnostic: what follows a
 * syntax error is seldom worth reading. Time and memory are bounded whatever the text.
 */
export function parseYaml(file: SourceFile): GrownTree {
  const tokens = parseTokens(file);
  if (!Array.isArray(tokens)) return failed(tokens);
  const composed = compose(file, tokens);
  if ('problem' in composed) return failed(composed.problem);
  const { contents } = composed;
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return failed(
      errorDiagnostic('CONFIG_EMPTY', `${file.path} is empty`, {
        location: { file, offset: 0, length: 0 },
        hint: 'docs/configuration.md shows what belongs in it',
      }),
    );
  }
  return growTree(file, contents);
}

type Composed = { readonly contents: ParsedNode | null } | { readonly problem: Diagnostic };

/** The one document of the tokens. */
function compose(file: SourceFile, tokens: CST.Token[]): Composed {
  let only: Document.Parsed | undefined;
  const composer = new Composer({
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
    logLevel: 'silent',
  });
  // The library makes an exception of every syntax error, and a hostile text has one a byte: their stacks
  // would take most of the time, and nobody reads them.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    // Forced, so that a text of comments and directives alone gives its errors too.
    for (const document of composer.compose(tokens, true, file.text.length)) {
      const error = document.errors[0] ?? document.warnings[0];
      if (error !== undefined) return { problem: explainSyntax(file, error) };
      if (only !== undefined) return { problem: secondDocument(file, document) };
      only = document;
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { contents: only?.contents ?? null };
}

function failed(diagnostic: Diagnostic): GrownTree {
  return { diagnostics: [diagnostic] };
}

/** Lexes and parses step by step, so that it can stop at a limit; neither step recurses. */
function parseTokens(file: SourceFile): CST.Token[] | Diagnostic {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(file.text)) {
    count += 1;
    for (const token of parser.next(lexeme)) tokens.push(token);
    const location = { file, offset: Math.max(0, parser.offset - 1), length: 1 };
    if (count > limits.tokens) {
      return errorDiagnostic('CONFIG_TOO_LARGE', `${file.path} holds too many values to be a configuration`, {
        location: { file, offset: 0, length: 0 },
        hint: 'let hyperparameters span the matrix instead of listing every trial',
      });
    }
    if (parser.stack.length > limits.depth) {
      return errorDiagnostic('CONFIG_TOO_DEEP', 'nested too deeply', {
        location,
        hint: 'a configuration needs no more than about six levels',
      });
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function secondDocument(file: SourceFile, document: Document.Parsed): Diagnostic {
  const offset = file.text.lastIndexOf('---', document.range[0]);
  return errorDiagnostic('CONFIG_DOCUMENTS', `${file.path} holds several YAML documents`, {
    location: { file, offset: Math.max(offset, 0), length: 3 },
    hint: 'remove the "---" line, or move what follows it to another file',
  });
}

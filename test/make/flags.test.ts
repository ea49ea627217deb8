import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installStandIn, make, temporaryFolder } from './stand-in.ts';

describe('values on the command line of make', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder('flags');
    await installStandIn(folder.path);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it.each([
    ['a space and a star', 'data/a b*'],
    ['single quotes', "it's 'q'"],
    ['double quotes', '"q"'],
    ['a dollar', '$HOME $$ $(b ${c'],
    ['a call of make', '$(shell echo pwned)'],
    ['a call of the shell', '$(echo pwned) `echo pwned`'],
    ['a semicolon and friends', '; | & > < ( ) { } ! #'],
    ['a backslash at the end', 'a\\'],
    ['a line break', 'one\ntwo\n'],
    ['a percent sign', '%.c %'],
    ['an equals sign', 'lr=0.01 model=vit'],
    ['a tab', 'a\tb'],
    ['not ASCII', 'größe 🎉'],
    ['the name of a helper', '"$newline" $newline'],
    ['nothing', ''],
  ])('hands over %s as typed', async (_, value) => {
    const seen = await make(folder.path, ['upload', `file=${value}`]);
    expect(seen.argv).toEqual(['upload', `--file=${value}`]);
  });

  it('hands over any text as typed, but for white space at its start, which make drops', async () => {
    const character = fc.oneof(
      fc.constantFrom(...'$(){}\'"`\\;|&<>*?[]!#%~=:,@ \t\n'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const text = fc.string({ unit: character, maxLength: 30 }).filter((value) => !/^\s|\0/.test(value));
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect((await make(folder.path, ['upload', `file=${value}`])).argv[1]).toBe(`--file=${value}`);
      }),
      { numRuns: 60 },
    );
  });

  it('hands over several, in the order of their names', async () => {
    const seen = await make(folder.path, ['local', 'where=lr=1', 'overwrite=true', 'dry-run=true', 'name=x']);
    expect(seen.argv).toEqual(['local', '--dry-run=true', '--name=x', '--overwrite=true', '--where=lr=1']);
  });

  it('takes none from the environment', async () => {
    const seen = await make(folder.path, ['remove'], { name: 'mine', file: 'x', yes: 'true' });
    expect(seen.argv).toEqual(['remove']);
    expect(seen.env).toMatchObject({ name: 'mine', file: 'x', yes: 'true' });
  });

  it('leaves names in capitals to the environment', async () => {
    const seen = await make(folder.path, ['plan', 'KUBECONFIG=/some file', 'jobs=2']);
    expect(seen.argv).toEqual(['plan', '--jobs=2']);
    expect(seen.env['KUBECONFIG']).toBe('/some file');
  });

  it('hides itself from a make that a trial calls', async () => {
    const seen = await make(folder.path, ['-j2', 'local', 'where=a=b']);
    expect(Object.keys(seen.env).filter((name) => /^(MAKE|MFLAGS|where)/.test(name))).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const left = ['node_modules', 'dist', '.git', 'snapshots'];

/** The repository's files with an ending, by path from its root. */
function filesOf(ending: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return left.includes(entry.name) || entry.name.startsWith('.') ? [] : filesOf(ending, path);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The modules that users import, by the name they import them under. */
const entries = new Map(
  Object.keys((JSON.parse(readText('package.json')) as { exports: object }).exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => [path.replace(/^\./, 'chartwright'), join('src', path, 'index.ts')]),
);

interface Example {
  readonly path: string;
  /** Where it stands, as `file:line`. */
  readonly place: string;
  readonly code: string;
}

/** The TypeScript in a text between fences; in a docstring each line has a star in front. */
function examplesIn(path: string): Example[] {
  const text = readText(path);
  return [...text.matchAll(/^([ \t]*\* ?)?```ts\n([\s\S]*?)^\1```/gm)].map(([, star = '', body], index, all) => ({
    path,
    place: `${path}:${text.slice(0, all[index]!.index).split('\n').length}`,
    code: body!
      .split('\n')
      .map((line) => (line.startsWith(star.trimEnd()) ? line.slice(star.length) : line))
      .join('\n'),
  }));
}

const examples = [...filesOf('.ts', 'src').filter((path) => !path.includes('.generated.')), ...filesOf('.md')].flatMap(
  examplesIn,
);

/**
 * An example as a module: one with imports as it stands, else with everything around it that users can import, and
 * what its own file exports.
 */
function asModule({ path, code }: Omit<Example, 'place'>): string {
  if (/^import /m.test(code)) return code;
  const modules = new Map([...entries].map(([name, entry]) => [entry, name]));
  if (path.endsWith('.ts')) modules.set(path, `../${path.replace(/\.ts$/, '.js')}`);
  const taken = new Set<string>();
  const imports = [...modules].map(([file, name]) => {
    const names = valuesOf(file).filter((value) => !taken.has(value));
    for (const value of names) taken.add(value);
    return `import { ${names.join(', ')} } from '${name}';`;
  });
  return [
    ...imports,
    "import { readFileSync } from 'node:fs';",
    "import { Chart } from 'cdk8s';",
    'declare const app: InstanceType<typeof App>;',
    'declare const chart: Chart;',
    `{\n${code}\n}`,
  ].join('\n');
}

let program: ts.Program;
let checker: ts.TypeChecker;

/** What a module exports, with aliases followed to where they are declared. */
const exportsOf = (path: string): ts.Symbol[] =>
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(root, path))!)!);
const declared = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
const valuesOf = (path: string): string[] =>
  exportsOf(path)
    .filter((symbol) => declared(symbol).flags & ts.SymbolFlags.Value)
    .map((symbol) => symbol.name);
const isDocumented = (documented: ts.Symbol | ts.Signature): boolean =>
  ts.displayPartsToString(documented.getDocumentationComment(checker)).trim() !== '';

/** Read once for all programs: parsing them is most of the time that a program takes. */
const parsed = new Map<string, ts.SourceFile | undefined>();

function createProgram(virtual: ReadonlyMap<string, string>): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const paths = Object.fromEntries([...entries].map(([name, path]) => [name, [join(root, path)]]));
  // An example makes things to show them, and need not use them.
  const settings = { ...options, paths, noUnusedLocals: false, noUnusedParameters: false };
  const host = ts.createCompilerHost(settings);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const text = virtual.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, rest[0], true);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...rest));
    return parsed.get(path);
  };
  const files = [...entries.values(), ...examples.map(({ path }) => path).filter((path) => path.endsWith('.ts'))];
  return ts.createProgram({
    rootNames: [...files.map((path) => join(root, path)), ...virtual.keys()],
    options: settings,
    host,
  });
}

const moduleOf = (index: number): string => join(root, 'test', `example-${index}.ts`);

beforeAll(() => {
  // Twice: what there is to import must be known before the examples can be put among it.
  program = createProgram(new Map());
  checker = program.getTypeChecker();
  const modules = new Map(examples.map((example, index) => [moduleOf(index), asModule(example)]));
  program = createProgram(modules.set(moduleOf(-1), asModule({ path: 'README.md', code: 'new App({ outdir: 3 });' })));
  checker = program.getTypeChecker();
});

describe('everything that users can import', () => {
  test.each([...entries])('from %s has a docstring', (_, path) => {
    const undocumented = exportsOf(path).filter((symbol) => !isDocumented(declared(symbol)));
    expect(undocumented.map(({ name }) => name)).toEqual([]);
    expect(exportsOf(path).length).toBeGreaterThan(0);
  });

  test.each([...entries])('from %s has a docstring for each member that can be called', (_, path) => {
    const undocumented = exportsOf(path).flatMap((symbol) => {
      const { valueDeclaration } = declared(symbol);
      if (!valueDeclaration || !ts.isVariableDeclaration(valueDeclaration)) return [];
      return checker
        .getTypeOfSymbol(declared(symbol))
        .getProperties()
        .filter((member) => member.valueDeclaration?.getSourceFile().fileName.startsWith(join(root, 'src')))
        .filter((member) => {
          const signatures = checker.getTypeOfSymbol(member).getCallSignatures();
          return signatures.length > 0 && ![member, ...signatures].some(isDocumented);
        })
        .map((member) => `${symbol.name}.${member.name}`);
    });
    expect(undocumented).toEqual([]);
  });
});

describe('the examples', () => {
  test('are there', () => expect(examples.length).toBeGreaterThan(5));

  test.each(examples.map((example, index) => [example.place, index] as const))('%s compiles', (_, index) => {
    const file = program.getSourceFile(moduleOf(index))!;
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  test('would not compile with something wrong in them', () => {
    const found = program.getSemanticDiagnostics(program.getSourceFile(moduleOf(-1)));
    expect(found.map(({ messageText }) => messageText)).toEqual(["Type 'number' is not assignable to type 'string'."]);
  });
});

describe.each(filesOf('.generated.ts', 'src').filter((path) => /props[^/]*$/.test(path)))('the props of %s', (path) => {
  const properties: { name: string; node: ts.PropertySignature }[] = [];
  const visit = (node: ts.Node, names: readonly string[]): void => {
    const named = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isPropertySignature(node);
    const inside = named ? [...names, node.name.getText()] : names;
    if (ts.isPropertySignature(node)) properties.push({ name: inside.join('.'), node });
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(ts.createSourceFile(path, readText(path), ts.ScriptTarget.ES2022, true), []);
  /** The word that tells the members of a union apart explains itself. */
  const isDiscriminator = ({ node }: { node: ts.PropertySignature }) => /^type: '\w+'/.test(node.getText());
  const documented = properties.filter((property) => !isDiscriminator(property));
  const tags = (node: ts.Node) => ts.getJSDocTags(node).map((tag) => tag.tagName.text);

  test('each have a description', () => {
    const text = (node: ts.Node) =>
      ts.getJSDocCommentsAndTags(node).map((doc) => (ts.isJSDoc(doc) ? ts.getTextOfJSDocComment(doc.comment) : ''));
    expect(documented.filter(({ node }) => !text(node).join('')).map(({ name }) => name)).toEqual([]);
    expect(documented.length).toBeGreaterThan(0);
  });

  test('have a default where they can be left out, and none where they cannot', () => {
    const hasDefault = ({ node }: { node: ts.Node }) => tags(node).includes('default');
    const isOptional = ({ node }: { node: ts.PropertySignature }) => node.questionToken !== undefined;
    expect(
      documented.filter((property) => isOptional(property) && !hasDefault(property)).map(({ name }) => name),
    ).toEqual([]);
    expect(
      documented.filter((property) => !isOptional(property) && hasDefault(property)).map(({ name }) => name),
    ).toEqual([]);
  });
});

describe('the links of', () => {
  /** The anchor of a heading, as GitHub makes it. */
  const anchorOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  const anchorsOf = (path: string) =>
    [...readText(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!.trim()));

  test.each(filesOf('.md').map((path) => [path]))('%s lead somewhere', (path) => {
    const text = readText(path)
      .replace(/^```[\s\S]*?^```/gm, '')
      .replace(/`[^`\n]*`/g, '');
    const dead = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : relative(root, join(root, dirname(path), decodeURIComponent(file)));
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
      });
    expect(dead).toEqual([]);
  });
});

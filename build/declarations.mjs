/**
 * Compiles the modules with their types, and keeps zod out of the types, but for those of `chart/`: whoever defines a
 * chart imports zod for its values, and has their types from it. So no other room's types may lead there.
 *
 * Zod's own types only compile with `esModuleInterop`, which projects that `cdk8s init typescript-app` makes do not set:
 * one declaration file that imports zod and such a project does not compile any more. So what a schema means
 * (`z.input`, `z.output`) is written out in full, and the schemas themselves have no public type.
 */
import ts from 'typescript';

/** Runs what `tsc -p <file>` runs; false where there are errors, which are printed. */
export function compileWithTypes(configurationFile) {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report };
  const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(configurationFile, undefined, host);
  const program = ts.createIncrementalProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors });
  const found = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSemanticDiagnostics(),
  ];
  const transformers = { afterDeclarations: [withoutZod(program.getProgram().getTypeChecker())] };
  found.push(...program.emit(undefined, undefined, undefined, undefined, transformers).diagnostics);
  for (const diagnostic of ts.sortAndDeduplicateDiagnostics(found)) report(diagnostic);
  return found.length === 0;
}

function report(diagnostic) {
  const format = ts.sys.writeOutputIsTTY?.() ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics;
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: ts.sys.getCurrentDirectory,
    getNewLine: () => '\n',
  };
  process.stderr.write(format([diagnostic], host));
}

const fully =
  ts.NodeBuilderFlags.NoTruncation |
  ts.NodeBuilderFlags.InTypeAlias |
  ts.NodeBuilderFlags.MultilineObjectLiterals |
  ts.NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope;

/** Transforms declaration files. */
function withoutZod(checker) {
  return (context) => (file) => {
    const original = ts.getOriginalNode(file);
    if (/\/src\/chart\/[^/]*$/.test(original.fileName)) return file;
    const ofCharts = new Set(
      original.statements
        .filter((statement) => ts.isImportDeclaration(statement) && isOfCharts(statement.moduleSpecifier))
        .flatMap(({ importClause }) => importClause?.namedBindings?.elements ?? [])
        .map(({ name }) => name.text),
    );
    const visit = (node) => {
      if (ts.isImportDeclaration(node) && (node.moduleSpecifier.text === 'zod' || isOfCharts(node.moduleSpecifier)))
        return undefined;
      if (ofCharts.has(nameOf(node)) || (ts.isImportTypeNode(node) && isOfCharts(node.argument.literal)))
        return context.factory.createKeywordTypeNode(ts.SyntaxKind.AnyKeyword);
      if (isOfZod(node)) return visitMeaning(node) ?? context.factory.createKeywordTypeNode(ts.SyntaxKind.AnyKeyword);
      return ts.visitEachChild(node, visit, context);
    };
    /** What `z.input<typeof schema>` comes to; undefined for a type that only zod can say. */
    const visitMeaning = (node) => {
      const original = ts.getOriginalNode(node);
      if (!ts.isTypeReferenceNode(original) || original.pos < 0) return undefined;
      const type = checker.getTypeFromTypeNode(original);
      if (!/^(input|output|infer)$/.test(original.typeName.right?.text) || type.flags & ts.TypeFlags.Instantiable)
        return undefined;
      const written = checker.typeToTypeNode(type, original, fully);
      return written && !isOfZod(written) ? ts.visitNode(written, visit) : undefined;
    };
    return ts.visitEachChild(file, visit, context);
  };
}

/** Whether a module is the engine of charts, seen from another room. */
const isOfCharts = (specifier) => /\.\.\/chart\/[^/]*$/.test(specifier?.text ?? '');

/** The name by which a type is referred to, where it is one word. */
const nameOf = (node) =>
  ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) ? node.typeName.text : undefined;

/** Whether a type is written `z.Something` or `import("zod").Something`. */
function isOfZod(node) {
  if (ts.isImportTypeNode(node)) return /^zod(\/|$)/.test(node.argument.literal?.text ?? '');
  if (!ts.isTypeReferenceNode(node)) return false;
  let name = node.typeName;
  while (ts.isQualifiedName(name)) name = name.left;
  return name.text === 'z' && ts.isQualifiedName(node.typeName);
}

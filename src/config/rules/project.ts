import { errorDiagnostic, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { nearestName } from '../../diagnostics/nearest-name.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import { runaiVariables } from '../runai-variables.ts';
import { locate, nodeAt } from '../tree.ts';
import { fieldPlaces, type Rule } from './rule.ts';

/** Where both files name the project, they give it the same name; at least one names it when there are two. */
export const theProjectHasOneName: Rule = ({ launch, kube }) => {
  if (kube === undefined || kube.root.kind !== 'map') return [];
  const ofKube = nodeAt(kube.root, ['project_name']);
  const ofLaunch = launch && nodeAt(launch.root, ['project_name']);
  if (ofKube === undefined && ofLaunch === undefined) {
    // Misspelt, it has been told.
    if ([...kube.root.entries.keys()].some((key) => nearestName(key, ['project_name']))) return [];
    return [
      errorDiagnostic('CONFIG_MISSING_KEY', `"project_name" is missing in ${kube.file.path}`, {
        location: { file: kube.file, offset: 0, length: 0 },
        hint: 'add a line "project_name: …"',
      }),
    ];
  }
  if (launch === undefined || ofKube?.kind !== 'scalar' || ofLaunch?.kind !== 'scalar') return [];
  if (ofKube.text === ofLaunch.text) return [];
  return [
    errorDiagnostic('CONFIG_PROJECT_NAME', `the project is called ${quoted(ofKube.text)} here`, {
      location: locate(kube, ['project_name']),
      related: [{ message: `and ${quoted(ofLaunch.text)} here`, location: locate(launch, ['project_name']) }],
      hint: `write the name once, or the same name in both`,
    }),
  ];
};

/** `kube.yaml` says who runs and where; for run:ai a lab's `.env` may say it instead. */
export const theClusterIsNamed: Rule = ({ launch, kube, dotenv }) => {
  if (kube === undefined || kube.root.kind !== 'map') return [];
  const { entries } = kube.root;
  const backend = nodeAt(launch?.root ?? kube.root, ['backend']) ?? nodeAt(kube.root, ['backend']);
  const isRunai = backend?.kind === 'scalar' && backend.text === 'runai';
  return (['user', 'namespace'] as const).flatMap((key) => {
    if (nodeAt(kube.root, [key]) !== undefined) return [];
    // Misspelt, it has been told.
    if ([...entries.keys()].some((written) => nearestName(written, [key]))) return [];
    const variable = runaiVariables[key].find((name) => dotenv.variables.get(name));
    if (isRunai && variable !== undefined) return [];
    const inDotenv = isRunai ? `, or ${runaiVariables[key][0]} to .env` : '';
    return [
      errorDiagnostic('CONFIG_MISSING_KEY', `${quoted(key)} is missing in ${kube.file.path}`, {
        location: { file: kube.file, offset: 0, length: 0 },
        hint: `add a line "${key}: …"${inDotenv}`,
      }),
    ];
  });
};

/** Old spellings work, and are told. */
export const spellingsAreCurrent: Rule = (project) =>
  fieldPlaces(project).flatMap(({ tree, path }) =>
    nodeAt(tree.root, [...path, 'ephermal_storage']) === undefined
      ? []
      : [
          warningDiagnostic('CONFIG_OLD_SPELLING', '"ephermal_storage" is an old spelling', {
            location: locate(tree, [...path, 'ephermal_storage'], 'key'),
            hint: 'write "ephemeral_storage"',
          }),
        ],
  );

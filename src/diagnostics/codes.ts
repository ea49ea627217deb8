import { cliCodes } from './codes/cli.ts';
import { configCodes } from './codes/config.ts';
import { containerCodes } from './codes/container.ts';
import { kubeCodes } from './codes/kube.ts';
import { localCodes } from './codes/local.ts';
import { matrixCodes } from './codes/matrix.ts';
import { policyCodes } from './codes/policy.ts';
import { renderCodes } from './codes/render.ts';
import { runaiCodes } from './codes/runai.ts';
import { s3Codes } from './codes/s3.ts';

/**
 * Every diagnostic code, with the one line the docs print for it. The codes are a closed union: one that is
 * not listed here does not compile, and one without a case under `test/errors/` fails the tests.
 */
export const diagnosticCodes = {
  ...cliCodes,
  ...configCodes,
  ...matrixCodes,
  ...localCodes,
  ...renderCodes,
  ...kubeCodes,
  ...s3Codes,
  ...containerCodes,
  ...policyCodes,
  ...runaiCodes,
} as const;

export type DiagnosticCode = keyof typeof diagnosticCodes;

// Kept by hand: the code is made by scripts/generate/validators.ts.

/** One complaint of a compiled ajv validator. */
export interface ValidationError {
  /** JSON pointer to the value. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Set for errors of `propertyNames`. */
  readonly propertyName?: string;
}

/** Returns whether the value fits; all errors are then in `errors`, until the next call. */
interface Validator {
  (value: unknown): boolean;
  readonly errors?: readonly ValidationError[] | null;
}

export const validateFields: Validator;
export const validateKube: Validator;
export const validateLaunch: Validator;
export const validatePolicy: Validator;

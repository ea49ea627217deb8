// Kept by hand: the code is made by scripts/generate/validators.ts.

/** The keywords of our schemas that messages are made from. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly items?: SchemaNode;
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
  /** What fits here, in words: `a duration, such as 90s`. */
  readonly 'x-expects'?: string;
  /** What the keys of this mapping name: `a hyperparameter`. */
  readonly 'x-key'?: string;
  /** What such a name looks like, in words. */
  readonly 'x-key-expects'?: string;
  /** A scalar here is text, kept exactly as it was written. */
  readonly 'x-text'?: boolean;
}

export const fieldsSchema: SchemaNode;
export const kubeSchema: SchemaNode;
export const launchSchema: SchemaNode;
export const policySchema: SchemaNode;

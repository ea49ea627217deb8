import type { OverridableFields } from './fields.ts';

/** All overridable fields of one trial after precedence, defaults and placeholders. */
export type ResolvedFields = Readonly<OverridableFields>;

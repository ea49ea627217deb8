/** Placeholder until `scripts/generate.ts` writes it from schemas/. */
export interface WrittenFields {
  readonly image: string;
}

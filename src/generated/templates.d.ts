import type { TemplateProgram } from '../render/template-engine.ts';

/** The shipped templates, precompiled: `job.yaml` → its program. */
export const templates: Readonly<Record<string, TemplateProgram>>;

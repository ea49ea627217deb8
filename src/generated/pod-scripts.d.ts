import type { PodScript } from '../container/pod-layout.ts';

/** The text of the scripts in `container/` that workloads mount, by file name. */
export const podScriptTexts: Readonly<Record<PodScript, string>>;

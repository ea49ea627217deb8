/**
 * Type → field → its type: string, int, number, boolean, any, quantity, int-or-string or the name of a type;
 * `[]` before it: a list; `{}`: a mapping; `!` after it: required. From the models of the Kubernetes client.
 */
export const kubernetesTypes: Readonly<Record<string, Readonly<Record<string, string>>>>;

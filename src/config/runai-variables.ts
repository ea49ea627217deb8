/** Names in a run:ai lab's `.env` that say what kube.yaml leaves out; the first that is set. */
export const runaiVariables = {
  user: ['LDAP_USERNAME', 'CLUSTER_USER'],
  namespace: ['K8S_NAMESPACE', 'RUNAI_PROJECT'],
} as const;

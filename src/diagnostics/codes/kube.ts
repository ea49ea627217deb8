/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const kubeCodes = {
  KUBE_CONFIG_MISSING:
    'There is no kubeconfig. Copy the one your cluster gives you to `~/.kube/config`, or point `KUBECONFIG` at it.',
  KUBE_CONFIG_NO_CONTEXT:
    'The kubeconfig has no current context, or not the one asked for. Set `context` in `kube.yaml`, or use `kubectl config use-context`.',
  KUBE_CONFIG_INVALID:
    'The kubeconfig cannot be read, is not valid YAML, or a context in it names a cluster, user or file that does not exist.',
  KUBE_CREDENTIALS:
    'The credential plugin or token file that the kubeconfig names failed. Run it by hand to see why.',
  KUBE_UNAUTHORIZED:
    'The cluster does not accept the credentials, also after fetching them anew. Sign in again or fetch a new kubeconfig.',
  KUBE_UNREACHABLE:
    'The cluster did not answer in time. Check the network, the VPN and the server of the kubeconfig.',
  KUBE_TLS: 'The server showed a certificate that the certificate authority in the kubeconfig did not sign.',
  KUBE_NOT_AN_API:
    'Something answered that is not the Kubernetes API: a proxy or a login page. Check `HTTPS_PROXY` and `NO_PROXY`.',
  KUBE_REFUSED: 'The API server refused a request. Its own words follow; `make doctor` lists missing rights.',
  KUBE_NO_NAMESPACE:
    'The namespace in `kube.yaml`, or with run:ai in `.env`, does not exist on this cluster.',
  KUBE_QUOTA:
    'The quota of the namespace is used up. Nothing more is created; run the command again when there is room.',
  KUBE_STUCK: 'An object was deleted but a finalizer keeps it. Whoever set the finalizer must remove it.',
  KUBE_NAME_TAKEN:
    'Somebody else has an object of the name a trial needs. It is never touched; set another `prefix`.',
  KUBE_NEED_GONE:
    'A Job waits for a Secret or ConfigMap that is not there, and that the files as they are now do not make: `.env` or a file has changed since the Job was created. `overwrite=changed` or `overwrite=true` makes the Job anew.',
  KUBE_REJECTED:
    'The API server does not accept the manifest of a trial. The other trials are created all the same.',
  KUBE_NO_UPGRADE:
    'The WebSocket for a shell, a copy or a port could not be opened; a proxy may be in between.',
  KUBE_NO_PROGRAM: "The pod's image does not have the program to run, such as `bash` or `tar`.",
  KUBE_EXEC_LOST: 'The connection to a pod ended before the command in it did.',
  KUBE_NOT_CONFIGURED:
    'There is no `config/kube.yaml`, or it lacks `user` or `namespace`. `make init` writes one.',
  KUBE_BY_LAST_LAUNCH:
    'The files of the project have mistakes, and what runs must be seen, entered and stopped all the same: it is that of the last `make job` from here. `make plan` names the mistakes.',
  KUBE_OTHER_CLUSTER:
    'The kubeconfig or `namespace` leads elsewhere than where the sweep was started. Switch back, or confirm with `yes=true`; `make job yes=true` keeps that.',
  KUBE_NO_POD:
    'There is no pod of that name, or that of the trial is gone since its Job has ended. `make pod` creates one and says its name.',
  KUBE_NO_LOG:
    'The trial is on the cluster and has no pod: it waits, or its pod is gone. Or it has no attempt of that number; the hint says which it has. Or its container has not been started again, and `previous=true` has nothing to print.',
  KUBE_NO_CONTAINER: 'The pod has no container of that name; the hint says which it has.',
  KUBE_POD_NOT_READY:
    'The pod is there but does not run, or the Job of the trial has none yet; the message says why.',
  KUBE_PORT_IN_USE: 'The port of this machine is taken. Choose another: `port=8888:9999`.',
  KUBE_COPY_FAILED: 'The archive could not be unpacked in the pod. Its own words follow.',
} as const;

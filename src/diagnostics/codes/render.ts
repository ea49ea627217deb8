/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const renderCodes = {
  RENDER_TEMPLATE_SYNTAX: 'A template of the project cannot be read. See docs/templates.md.',
  RENDER_TEMPLATE_VALUE:
    'A template uses a name that it is not given. docs/templates.md lists what each template is given.',
  RENDER_TEMPLATE_UNKNOWN: 'A file in templates/ has the name of no shipped template. Rename or remove it.',
  RENDER_TEMPLATE_IDENTITY:
    'A template of the project changes the name, namespace, labels or fingerprint by which its object is found again. Write them as the shipped template does.',
  RENDER_MANIFEST_SYNTAX: 'What a template makes is not one YAML object. Mend the template at that line.',
  RENDER_MANIFEST_TYPE:
    'What a template makes has a field that Kubernetes does not know, or of a wrong type. Mend the template.',
  RENDER_BAD_NAME: 'A name is longer than Kubernetes takes or has characters it refuses. Choose another.',
  RENDER_BAD_LABEL:
    'A label, or what a label is compared with, is over 63 characters or has characters Kubernetes refuses.',
  RENDER_BAD_QUANTITY: 'An amount of a resource is not one that Kubernetes can read.',
  RENDER_BAD_NUMBER: 'A number is outside of the range that Kubernetes takes.',
  RENDER_BAD_PATH:
    'A mount path cannot be used: Kubernetes refuses a colon, and the toolbox needs some paths.',
  RENDER_BAD_ENV: 'A variable has a name or value that a program cannot be started with.',
  RENDER_BAD_TEXT: 'A text has half of a surrogate pair, which no manifest can hold. Mend the text.',
  RENDER_DUPLICATE: 'A mount path, port, volume, container or variable is there twice. Remove one.',
  RENDER_REQUEST_ABOVE_LIMIT: 'A resource is requested above its limit. Set limit_ratio to 1 or more.',
  RENDER_ANNOTATIONS_TOO_LARGE: 'All annotations of an object together may have 256 KiB. Remove some.',
  RENDER_OBJECT_TOO_LARGE: 'An object may have 1.5 MiB. Put what is large into a file or the bucket.',
  RENDER_DATA_TOO_LARGE:
    'A Secret or ConfigMap may hold 1 MiB. Shorten .env, or put large values into files.',
  RENDER_FILES_TOO_LARGE:
    'The files of `file:` are more than objects of the cluster can hold. Use `data:` and the bucket instead.',
  RENDER_FILE_MISSING:
    'An entry of `file:` is not there, cannot be read, or has a name that is not UTF-8. Make or rename it, or remove the entry.',
  RENDER_FILE_SKIPPED:
    'A folder of `file:` has a pipe, a socket or a device in it, which has no bytes to copy, and is copied without. Remove it from the folder.',
  RENDER_GPU_FRACTION:
    'A fraction of a GPU needs a scheduler that shares GPUs. Use `pack:`, `scheduler_name: runai-scheduler` or whole GPUs.',
  RENDER_IDENTITY_INVALID:
    'A user, group or number in .env is none that a container could take. Mend the variable.',
  RENDER_IDENTITY_MISSING: '`identity:` needs user, uid, group and gid, from the field or from .env.',
  RENDER_NO_CLUSTER:
    'There is no config/kube.yaml, so nothing can be rendered for a cluster. Write one: make init.',
  RENDER_NO_COMMIT:
    'The folder is no git repository with a commit, so `code: git` has nothing to fetch and the code of the image is used.',
} as const;

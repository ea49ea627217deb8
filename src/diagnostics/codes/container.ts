/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const containerCodes = {
  CONTAINER_NO_GIT:
    'The project is fetched by git or listed with it, and this machine has no git. Install it.',
  CONTAINER_NO_REPOSITORY:
    'With `code: git` a pod clones the repository, and the project is in none that has a commit. Commit it, or set `code: snapshot` or `code: image`.',
  CONTAINER_UNCOMMITTED:
    'Changes that are not committed are not in the commit that pods will run. Commit them, or set `code: snapshot`.',
  CONTAINER_UNPUSHED:
    'The commit is on no branch of the remote repository, as far as this clone knows, so pods cannot fetch it. Push it.',
  CONTAINER_SNAPSHOT_CHANGED:
    'A file changed while it was packed, so the snapshot was given up. Run the command again.',
  CONTAINER_SNAPSHOT_TOO_LARGE:
    'The files to pack are too many bytes for a snapshot, or for one without a bucket. Put data and results into .gitignore.',
  CONTAINER_NAME_NOT_UTF8:
    'The name of a file of the snapshot is not UTF-8. Rename it, or put it into .gitignore.',
  CONTAINER_NO_MAKE:
    'A command calls `make`, or there are `data` or `outputs`, and neither the image nor a toolbox_image is known to bring the toolbox. Set `toolbox_image`.',
  CONTAINER_NO_BUCKET:
    'There are `data` or `outputs`, and nothing that pods are given names a bucket. Put `S3_BUCKET_NAME` into .env.',
  CONTAINER_NO_OUTPUTS: 'There is `sync_every`, and no trial has `outputs`: nothing is uploaded.',
  CONTAINER_KEY_UNREADABLE: 'A key file named in .env cannot be read. Mend the path, or remove the line.',
  CONTAINER_RUN_UNKNOWN: 'There is no run record and no Job of that name. `make status` lists the runs.',
  CONTAINER_RUN_HAS_NO_CODE:
    'No record or Job says which code ran: the image brought it, or an older version wrote the record.',
  CONTAINER_CODE_MISSING: 'The snapshot or commit of a run is neither on this machine nor in the bucket.',
  CONTAINER_CODE_DAMAGED: 'A snapshot does not have the digest it is named by. Nothing was restored from it.',
  CONTAINER_FOLDER_IN_USE:
    'The folder to restore into is there and not empty. Name another one, or remove it.',
  CONTAINER_NO_BUILDER: 'Neither docker, podman nor buildah is on PATH. Install one of them.',
  CONTAINER_IMAGE_NOT_YOURS:
    'The image of kube.yaml is one of Docker Hub’s own, which a project can neither build nor push. Name one of yours.',
  CONTAINER_NO_DOCKERFILE: 'The project has no Dockerfile. `make image-init` writes one.',
  CONTAINER_BUILD_FAILED: 'Building, tagging or pushing the image failed; the output above says why.',
  CONTAINER_SECRET_INPUT:
    'The deploy token is incomplete: a user name and a password are needed. docs/images.md tells where to get them.',
} as const;

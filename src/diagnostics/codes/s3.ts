/** Codes of this phase: `PHASE_WHAT` → what it means and how to mend it, for docs/errors.md. */
export const s3Codes = {
  S3_SETTING_MISSING:
    'A setting for the bucket is missing. Write it into `.env`, or set it in the environment.',
  S3_SETTING_INVALID: 'A setting for the bucket has a value that cannot be used.',
  S3_CREDENTIALS: 'The server does not accept the access key, the secret or the session token that is named.',
  S3_PROFILE_IGNORED: 'A profile is named in the environment, but a key in `.env` comes first.',
  S3_NO_BUCKET: 'The server has no bucket of the name in `S3_BUCKET_NAME`.',
  S3_REGION: 'The bucket is in another region than `AWS_REGION` says.',
  S3_CLOCK: "The server's clock and this machine's are too far apart to sign requests.",
  S3_REDIRECTED:
    'The server sends requests to another address. They are not followed; set `S3_ENDPOINT_URL`.',
  S3_DENIED: 'The access key has no right to do this.',
  S3_NOT_FOUND: 'There is no such object, or it is gone.',
  S3_CHANGED: 'The object was replaced while it was being read, again and again.',
  S3_REFUSED: 'The server refused a request.',
  S3_UNREACHABLE: 'The server does not answer.',
  S3_BROKEN_ANSWER: 'The answers of the server are cut off, contradict each other or cannot be read.',
  S3_NOT_VERIFIED:
    'The bytes that arrived, here or in the bucket, are not those that were sent, again and again.',
  S3_KEY_REFUSED:
    'The key is no safe file name below the folder, or the name no possible key; it was skipped.',
  S3_FILE_SKIPPED:
    'The file cannot be uploaded: a socket, a pipe or a device, which named itself is exit code 3, or a link that leads nowhere.',
  S3_FILE_FAILED: 'The file could not be read or written.',
  S3_DIFFERS: 'It is there already with other content, and was left. `overwrite=true` replaces it.',
  S3_NO_MATCH: 'Nothing matches what was given as `file=`.',
  S3_PATH_OUTSIDE: 'The path is not below the project, so it has no key.',
  S3_MONITOR_RUNNING: 'Another process watches this folder already; one is enough.',
  S3_SERVER_RUNNING: 'A server of this project runs already; use that one.',
  S3_SERVER_PORT: 'The port cannot be listened on.',
  S3_DELETE_FAILED: 'The server did not delete the object.',
} as const;

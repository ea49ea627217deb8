import { oneLine } from './phase.ts';

/** Why an image cannot be pulled, from what a node says of it: a chain of errors with the cause at its end. */
export function explainPull(message: string): string {
  // What containerd says of a private image without a pull secret, and of one that is not there: a registry does not
  // tell one from the other.
  if (/pull access denied|may require authorization/i.test(message))
    return 'there is no such image, or it is private; check its name and image_pull_secrets';
  if (/toomanyrequests|too many requests/i.test(message))
    return 'the registry lets no more be pulled for now; it is tried again';
  const unknown = /lookup (\S+?)(?: on \S+)?: (?:no such host|server misbehaving)/.exec(message)?.[1];
  if (unknown !== undefined)
    return `the node does not know the registry "${unknown}"; check the image's name`;
  if (/x509:|certificate/i.test(message))
    return `the node does not trust the registry's certificate (${causeOf(message)})`;
  if (
    /connection refused|i\/o timeout|deadline exceeded|no route to host|unreachable|handshake timeout/i.test(
      message,
    )
  )
    return `the node does not reach the registry (${causeOf(message)})`;
  if (/not found|manifest unknown|does not exist/i.test(message)) return 'there is no such image or tag';
  if (/unauthorized|denied|forbidden|authentication|no basic auth/i.test(message))
    return 'the registry refuses access; check image_pull_secrets';
  return message === '' ? 'the registry gave no reason' : causeOf(message);
}

/** Why a container did not begin, from what its runtime says of it. */
export function explainStart(message: string, image: string): string {
  // In the words of runc, and of crun.
  const [, program] =
    /exec: "?([^":]+)"?: (?:executable file not found|stat [^:]+: no such file)/.exec(message) ??
    /executable file [`']?([^`'\s]+)[`']? not found/.exec(message) ??
    [];
  return program === undefined
    ? causeOf(message)
    : `the image ${image} has no ${program.replace(/^.*\//, '')}`;
}

/** One line of an error `what failed: why: why`: of one that is long, the end, which has the cause. */
export function causeOf(message: string): string {
  const links = message.replace(/\s+/g, ' ').trim().split(': ');
  let kept = links.pop() ?? '';
  for (let next = links.pop(); next !== undefined; next = links.pop()) {
    if (next.length + kept.length > 198) return oneLine(`…: ${kept}`);
    kept = `${next}: ${kept}`;
  }
  return oneLine(kept);
}

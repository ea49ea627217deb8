// What Kubernetes takes as names, labels and quantities: the same rules as its validation package.

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const qualified = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** What is wrong with a DNS label (names of Jobs, containers, volumes, namespaces); `undefined` where nothing is. */
export function wrongLabelName(name: string): string | undefined {
  if (name.length > 63) return `has ${name.length} characters; 63 is the most`;
  return label.test(name) ? undefined : 'may have lower case letters, digits and dashes inside, nothing else';
}

/** The same of a DNS subdomain (names of claims, Secrets, classes). */
export function wrongSubdomain(name: string): string | undefined {
  if (name.length > 253) return `has ${name.length} characters; 253 is the most`;
  return subdomain.test(name)
    ? undefined
    : 'may have lower case letters, digits, dashes and dots inside, nothing else';
}

/** The same of a label's value; it may be empty. */
export function wrongLabelValue(value: string): string | undefined {
  if (value.length > 63) return `has ${value.length} characters; 63 is the most`;
  return value === '' || qualified.test(value)
    ? undefined
    : 'may have letters, digits, "-", "_" and "." and must begin and end with a letter or digit';
}

/** The same of the key of a label or annotation: `name` or `prefix/name`. */
export function wrongQualifiedName(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash !== -1) {
    const wrong = wrongSubdomain(key.slice(0, slash));
    if (wrong !== undefined) return `has a prefix that ${wrong}`;
  }
  if (name.length > 63) return `has ${name.length} characters; 63 is the most`;
  return qualified.test(name)
    ? undefined
    : 'may have letters, digits, "-", "_" and "." and must begin and end with a letter or digit';
}

const image =
  /^(?:(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[A-Za-z][\w+.-]*:[0-9A-Fa-f]{32,})?$/;

/** The same of an image: `[registry[:port]/]path[:tag][@digest]`, what a node can read as a reference. */
export function wrongImageName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (/\s/.test(name)) return 'has spaces in it';
  if (name.length > 512) return `has ${name.length} characters`;
  if (image.test(name)) return undefined;
  if (image.test(name.toLowerCase())) return 'has capitals, which only tags may have';
  return 'is none: write [registry/]path[:tag]';
}

const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity (`500m`, `16Gi`, `1e3`, `2`) as a number; `undefined` for what the server would refuse. */
export function parseQuantity(quantity: string | number): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? quantity : undefined;
  const [, number, unit, exponent] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(quantity) ?? [];
  if (number === undefined) return undefined;
  if (exponent !== undefined) return Number(`${number}e${exponent}`);
  return Number(number) * (units[unit ?? ''] ?? Number.NaN);
}

/** What names a proxy, as curl and the SDKs have it. */
export const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/** Whether this version of Node sends its requests over a proxy that it is told of: from 22.21, and from 24.5. */
export function obeysProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

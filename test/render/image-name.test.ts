import { expect, test } from 'vitest';
import { wrongImageName } from '../../src/render/legal-values.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

test.each([
  'python',
  'python:3.12-slim',
  'library/python:3',
  'localhost:5000/foo/bar_baz:1.2',
  'Registry.Example.org/lab/vision__x:V1',
  '[::1]:5000/foo',
  `registry.example.org:443/a/b-c--d@${digest}`,
  `nvcr.io/nvidia/pytorch:24.01-py3@${digest}`,
])('%s is an image', (name) => expect(wrongImageName(name)).toBeUndefined());

test.each([
  ['', 'is empty'],
  ['python 3', 'has spaces in it'],
  ['Python:3', 'has capitals, which only tags may have'],
  ['example.org/Lab/x', 'has capitals, which only tags may have'],
  ['x:y:z', 'is none'],
  ['https://example.org/x', 'is none'],
  ['python:', 'is none'],
  ['x@sha256:12', 'is none'],
  ['-x', 'is none'],
  ['x'.repeat(600), 'has 600 characters'],
])('"%s" %s', (name, wrong) => expect(wrongImageName(name)).toContain(wrong));

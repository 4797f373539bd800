import { expect, test } from 'vitest';
import { withoutAbsorbed } from '../../src/chart/print-conditions.js';

test.each([
  [['x', '(and x y)'], ['x']],
  [
    ['(and y x)', '(and x y)', 'z'],
    ['(and y x)', 'z'],
  ],
  [['(and (eq a "b c") (and d (eq e "f)")))', '(eq e "f)")'], ['(eq e "f)")']],
  [
    ['(eq a "(and x y)")', '(and x y)'],
    ['(eq a "(and x y)")', '(and x y)'],
  ],
  [
    ['(and a b)', '(and b c)'],
    ['(and a b)', '(and b c)'],
  ],
  [['(eq a "\\"")', '(and (eq a "\\"") b)'], ['(eq a "\\"")']],
])('of %j is left %j', (codes, left) => {
  expect(withoutAbsorbed(codes)).toEqual(left);
});

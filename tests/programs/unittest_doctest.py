"""unittest and doctest, with the times taken out."""
import doctest, io, re, unittest
from unittest import mock


class Case(unittest.TestCase):
    def setUp(self): self.x = 1
    def test_pass(self): self.assertEqual(self.x, 1); self.assertIn(1, [1]); self.assertAlmostEqual(0.1 + 0.2, 0.3)
    def test_fail(self): self.assertEqual([1, 2, 3], [1, 2, 4])
    def test_error(self): raise RuntimeError("boom")
    @unittest.skip("not now")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
    def test_raises(self):
        with self.assertRaisesRegex(ValueError, "^bad") as caught: raise ValueError("bad thing")
        self.assertEqual(caught.exception.args, ("bad thing",))


out = io.StringIO()
result = unittest.TextTestRunner(out, verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
print(re.sub(r"in [\d.]+s", "in TIMEs", re.sub(r'File ".*/', 'File "', out.getvalue())))
print(result.testsRun, len(result.failures), len(result.errors), len(result.skipped), result.wasSuccessful())


def documented(x):
    """
    >>> documented(2)
    4
    >>> documented("a")
    Traceback (most recent call last):
        ...
    TypeError: can't multiply sequence by non-int of type 'str'
    """
    return x * x


print(doctest.testmod())
m = mock.Mock(return_value=5, side_effect=None)
print(m(1, a=2), m.call_args, m.called, m.attr.deep() is not None)
with mock.patch("os.getcwd", return_value="/patched"):
    import os; print(os.getcwd())
try:
    m.assert_called_with(3)
except AssertionError as error:
    print(error)

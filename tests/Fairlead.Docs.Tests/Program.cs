using Fairlead.Docs.Tests.Prose;

// eng/prose-lint runs this: it prints what the rules find below the paths that are given, or everywhere, and ends with 1 if that is anything.
Finding[] findings = [.. ProseLint.Check(args is [] ? ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "samples", "bench", "src", "tests"] : args)];
foreach (Finding finding in findings)
{
    Console.WriteLine(finding);
}

return findings.Length == 0 ? 0 : 1;

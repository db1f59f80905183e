using Fairlead.Docs.Tests.Errors;
using Fairlead.Docs.Tests.Prose;

// eng/prose-lint and eng/error-texts run this.
if (args is ["error-texts"])
{
    foreach (var t in ErrorTextScan.All()) { Console.WriteLine($"{t.Code} | {t.Text} | {t.Remedy}"); }
    return 0;
}

Finding[] findings = [.. args is [] ? ProseLint.Check() : ProseLint.Check(args)];
foreach (Finding finding in findings)
{
    Console.WriteLine(finding);
}

return findings.Length == 0 ? 0 : 1;

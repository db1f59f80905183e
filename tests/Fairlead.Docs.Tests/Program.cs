using Fairlead.Docs.Tests.Errors;
using Fairlead.Docs.Tests.Prose;

// eng/error-texts and eng/prose-lint run this.
if (args is ["error-texts"])
{
    string path = Path.Combine(Fairlead.Docs.Tests.Repository.Root, ErrorTextPage.Path);
    File.WriteAllText(path, ErrorTextPage.Renew(File.ReadAllText(path), ErrorTextScan.All()));
    return 0;
}

Finding[] findings = [.. args is [] ? ProseLint.Check() : ProseLint.Check(args)];
foreach (Finding finding in findings)
{
    Console.WriteLine(finding);
}

return findings.Length == 0 ? 0 : 1;

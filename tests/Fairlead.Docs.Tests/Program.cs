using Fairlead.Docs.Tests.Errors;
using Fairlead.Docs.Tests.Prose;
using Xunit.Runner.InProc.SystemConsole;

// eng/error-texts and eng/prose-lint name what they need; with any other arguments, the tests are run.
if (args is not ["error-texts" or "prose-lint", .. string[] paths])
{
    return await ConsoleRunner.Run(args);
}

if (args[0] == "error-texts")
{
    string path = Path.Combine(Fairlead.Docs.Tests.Repository.Root, ErrorTextPage.Path);
    File.WriteAllText(path, ErrorTextPage.Renew(File.ReadAllText(path), ErrorTextScan.All()));
    return 0;
}

Finding[] findings = [.. paths is [] ? ProseLint.Check() : ProseLint.Check(paths)];
foreach (Finding finding in findings)
{
    Console.WriteLine(finding);
}

return findings.Length == 0 ? 0 : 1;

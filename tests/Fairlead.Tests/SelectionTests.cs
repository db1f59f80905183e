using System.Diagnostics;
using Fairlead.Runs;

namespace Fairlead.Tests;

/// <summary>What <c>./test.sh changed</c> builds and runs.</summary>
[SlowRun]
public sealed class SelectionTests
{
    /// <summary>The graph that the script reads from the project files has every reference of this compiled assembly.</summary>
    [Fact]
    public void A_change_of_an_assembly_reaches_the_tests_that_refer_to_it()
    {
        string mine = typeof(SelectionTests).Assembly.GetName().Name!;
        string[] references =
        [
            .. typeof(SelectionTests).Assembly.GetReferencedAssemblies()
                .Select(static name => name.Name!)
                .Where(static name => name.StartsWith("Fairlead", StringComparison.Ordinal)),
        ];

        Assert.NotEmpty(references);
        Assert.All(references, reference =>
        {
            string folder = Array.Find(["src", "tests"], parent => Directory.Exists(Path.Combine(RunTests.Root(), parent, reference)))!;
            Assert.Contains($"tests/{mine}/{mine}.csproj", Run($"reached_by {folder}/{reference}/Any.cs"));
        });
    }

    [Theory]
    [InlineData("src/Fairlead/Patterns/Sender.cs", "src/Fairlead.RabbitMQ/Fairlead.RabbitMQ.csproj")]
    [InlineData("src/Fairlead/Patterns/Sender.cs", "tests/Fairlead.Hosting.Tests/Fairlead.Hosting.Tests.csproj")]
    [InlineData("src/Fairlead/Patterns/Sender.cs", "samples/Hello/Hello.csproj")]
    [InlineData("src/Fairlead.Rpc.Generator/Emitter.cs", "tests/Fairlead.Cli.Tests/Fairlead.Cli.Tests.csproj")]
    [InlineData("samples/Hello/Program.cs", "samples/Hello/Hello.csproj")]
    [InlineData("tests/interop/typed.c", "tests/Fairlead.Cli.Tests/Fairlead.Cli.Tests.csproj")]
    [InlineData("tests/Fairlead.Tests/PublicSurface/PublicApiText.cs", "tests/Fairlead.Rpc.Tests/Fairlead.Rpc.Tests.csproj")]
    [InlineData("Directory.Packages.props", "bench/Fairlead.Bench/Fairlead.Bench.csproj")]
    [InlineData("eng/Sample.props", "samples/WebShop/WebShop.csproj")]
    [InlineData("docs/tool.md", "tests/Fairlead.Docs.Tests/Fairlead.Docs.Tests.csproj")]
    public void A_changed_file_reaches_the_projects_that_depend_on_it(string file, string project) =>
        Assert.Contains(project, Run($"reached_by {file}"));

    [Fact]
    public void A_changed_page_reaches_no_project_but_the_tests_of_the_pages() =>
        Assert.Equal(["tests/Fairlead.Docs.Tests/Fairlead.Docs.Tests.csproj"], Run("reached_by docs/tool.md"));

    /// <summary>A contract's file selects the classes of all transports that inherit it.</summary>
    [Theory]
    [InlineData("tests/Fairlead.Tests/Native/ErrnoMapTests.cs", "Fairlead.Tests *.ErrnoMapTests")]
    [InlineData(
        "tests/Fairlead.Conformance/Contracts/StoppedWaiterContract.cs",
        "Fairlead.Tests *.StoppedWaiterContracts+ByName *.StoppedWaiterContracts+InRegion")]
    public void A_changed_file_of_tests_selects_its_classes(string file, string line) => Assert.Contains(line, Run($"classes_in {file}"));

    private static string[] Run(string command)
    {
        ProcessStartInfo start = new("bash", ["-euc", $". eng/graph.sh; read_graph; {command}"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = RunTests.Root(),
        };
        using var shell = Process.Start(start)!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        return output.TrimEnd().Split('\n');
    }
}

using System.Diagnostics;
using Fairlead.Selection;

namespace Fairlead.Tests;

/// <summary>The selections of <c>./test.sh quick</c> and <c>./test.sh changed</c>.</summary>
public sealed class SelectionTests
{
    private static readonly string[] Parents = ["src", "src/Fairlead", "src/Fairlead/Transports"];

    [Fact]
    public void Each_test_is_in_quick_or_in_the_rest()
    {
        var quick = Filter("quick_filter", '&', "FullyQualifiedName!~");
        var rest = Filter("rest_filter", '|', "FullyQualifiedName~");
        var tests = AreaTests.NamesOfTests();
        var chosen = tests.Where(name => Array.TrueForAll(quick, pattern => !AreaTests.Contains(name, pattern))).ToHashSet();
        var left = tests.Where(name => Array.Exists(rest, pattern => AreaTests.Contains(name, pattern))).ToHashSet();

        Assert.Equal(tests.Order(StringComparer.Ordinal), chosen.Concat(left).Order(StringComparer.Ordinal));
        Assert.NotEmpty(chosen);
        Assert.NotEmpty(left);
    }

    [Fact]
    public void Each_line_that_leaves_tests_out_names_some_and_says_why()
    {
        var tests = AreaTests.NamesOfTests();
        foreach (var line in AreaTests.Lines("slow"))
        {
            Assert.True(tests.Exists(name => AreaTests.Contains(name, line[1])), $"No test is called {line[1]}.");
            Assert.True(line.Length > 2, $"{line[1]}: the reason is missing.");
        }
    }

    [Fact]
    public void Each_area_is_a_folder_of_the_repository_and_each_folder_of_the_library_has_one()
    {
        string[] areas = [.. AreaTests.Lines("area").Select(static line => line[1])];
        Assert.All(areas, static folder => Assert.True(Directory.Exists(Path.Combine(AreaTests.Root(), folder)), folder));
        string[] folders =
        [
            .. Parents.SelectMany(
                static folder => Directory
                    .GetDirectories(Path.Combine(AreaTests.Root(), folder))
                    .Select(path => $"{folder}/{Path.GetFileName(path)}")),
        ];

        Assert.Empty(folders.Except(areas));
    }

    /// <summary>A contract's file selects the tests of all transports that inherit it.</summary>
    [Theory]
    [InlineData("src/Fairlead/Transports/Tls/TlsTransport.cs", "Fairlead.Tests Tls")]
    [InlineData("src/Fairlead/Transports/Connection.cs", "Fairlead.Tests quick")]
    [InlineData("tests/Fairlead.Tests/Native/ErrnoMapTests.cs", "Fairlead.Tests .ErrnoMapTests")]
    [InlineData("tests/Fairlead.Conformance/Contracts/HandleContract.Hostile.cs", "Fairlead.Tests HandleContracts+UnixName")]
    [InlineData("docs/tool.md", "Fairlead.Docs.Tests all")]
    [InlineData("models/ring.pml", "models/check.sh all")]
    public void A_changed_file_selects_the_tests_of_its_area(string file, string line) =>
        Assert.Contains(line, Run($"selected_for {file}").Split('\n'));

    private static string[] Filter(string function, char separator, string beginning) =>
    [
        .. Run(function).Split(separator).Select(term =>
        {
            Assert.StartsWith(beginning, term, StringComparison.Ordinal);
            return term[beginning.Length..];
        }),
    ];

    private static string Run(string command)
    {
        ProcessStartInfo start = new("bash", ["-euc", $". eng/selection.sh; {command}"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = AreaTests.Root(),
        };
        using var shell = Process.Start(start)!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        return output.TrimEnd();
    }
}

using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Fairlead.Selection;

/// <summary>The areas of <c>eng/selection.txt</c> name tests that exist.</summary>
/// <remarks>Each assembly of tests compiles this file, and checks its own lines.</remarks>
public sealed class AreaTests
{
    [Fact]
    public void Each_area_of_this_assembly_names_tests()
    {
        var mine = Lines("area").Where(static line => line[2] == typeof(AreaTests).Assembly.GetName().Name).ToArray();
        Assert.NotEmpty(mine);
        var tests = NamesOfTests();
        var empty = mine
            .Select(static line => line[3])
            .Where(pattern => pattern is not ("all" or "quick") && !tests.Exists(name => Contains(name, pattern)));

        Assert.Empty(empty);
    }

    /// <summary>Compares as the filters of <c>eng/selection.sh</c> do.</summary>
    internal static bool Contains(string name, string pattern) => name.Contains(pattern, StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the full names of this assembly's tests, which <c>eng/selection.sh</c> filters.</summary>
    internal static List<string> NamesOfTests() =>
    [
        .. from type in typeof(AreaTests).Assembly.GetTypes()
           where type is { IsAbstract: false, IsVisible: true }
           from method in type.GetMethods()
           where method.GetCustomAttributes<FactAttribute>().Any()
           select $"{type.FullName}.{method.Name}",
    ];

    /// <summary>Returns the words of the lines that begin with this one.</summary>
    internal static IEnumerable<string[]> Lines(string beginning) =>
        File.ReadLines(Path.Combine(Root(), "eng/selection.txt"))
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 0 && words[0] == beginning);

    internal static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}

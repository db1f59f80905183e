using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Fairlead.Transports;

namespace Fairlead.Tests;

/// <summary>
/// Limits the size of a type of the library to what a reader can keep in mind. Larger types are listed here with their size, and may only
/// shrink: a change that makes one smaller lowers its number. Libc is a list of system calls, which is read by looking one up.
/// </summary>
public sealed partial class SizeTests
{
    private const int MostMutableFields = 25;
    private const int MostMethods = 60;
    private const int MostFiles = 4;
    private const int MostLines = 400;
    private const int MostColumns = 140;
    private const int MostConnectionMembers = 30;

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly string[] Written = ["src", "tests", "bench", "samples"];
    private static readonly string[] ConnectionParts = ["get_Consumption", "get_Handles", "get_Memory", "get_Room", "get_Sleep"];

    private static readonly Dictionary<string, int> LargerByFields = new(StringComparer.Ordinal)
    {
        ["ReliableStream"] = 26,
    };

    private static readonly Dictionary<string, int> LargerByMethods = new(StringComparer.Ordinal)
    {
        ["Libc"] = 112,
    };

    private static readonly Dictionary<string, int> LargerByFiles = new(StringComparer.Ordinal)
    {
        ["Libc"] = 15,
        ["LockSnapshot"] = 6,
        ["Outbox"] = 6,
    };

    private static readonly Dictionary<string, int> LargerByLines = [];

    private static IEnumerable<Type> Types =>
        typeof(Address)
            .Assembly.GetTypes()
            .Where(static type =>
                !type.IsEnum
                && !type.Name.Contains('<', StringComparison.Ordinal)
                && type.DeclaringType?.Name.Contains('<', StringComparison.Ordinal) != true);

    private static IEnumerable<(string Path, string Text)> Files =>
        Directory.EnumerateFiles(SourceTree.At("src/Fairlead"), "*.cs", SearchOption.AllDirectories)
            .Select(static path => (Path.GetRelativePath(SourceTree.At("src/Fairlead"), path), File.ReadAllText(path)))
            .Where(static file => !file.Item1.StartsWith("obj/", StringComparison.Ordinal));

    [Fact]
    public void No_type_has_more_state_than_a_reader_can_follow() =>
        AssertSizes(
            MostMutableFields,
            LargerByFields,
            Types.Select(static type =>
                (NameOf(type), type.GetFields(Declared).Count(static field => !field.IsStatic && !field.IsInitOnly))));

    /// <summary>Property accessors and compiler-generated methods do not count.</summary>
    [Fact]
    public void No_type_has_more_methods_than_a_reader_can_follow() =>
        AssertSizes(
            MostMethods,
            LargerByMethods,
            Types.Select(static type =>
                (
                    NameOf(type),
                    type.GetMethods(Declared)
                        .Count(static method =>
                            !method.IsSpecialName
                            && !method.IsDefined(typeof(CompilerGeneratedAttribute))
                            && !method.Name.Contains('<', StringComparison.Ordinal)))));

    [Fact]
    public void No_type_is_spread_over_many_files() =>
        AssertSizes(
            MostFiles,
            LargerByFiles,
            Files
                .SelectMany(static file => PartOf().Matches(file.Text).Select(static part => part.Groups["name"].Value).Distinct())
                .CountBy(static name => name)
                .Select(static count => (count.Key, count.Value)));

    [Fact]
    public void No_file_has_more_lines_than_allowed() =>
        AssertSizes(MostLines, LargerByLines, Files.Select(static file => (file.Path, file.Text.AsSpan().Count('\n'))));

    [Fact]
    public void No_line_has_more_columns_than_allowed()
    {
        string root = SourceTree.At(".");
        Assert.Empty(
            from folder in Written
            from path in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
            where !path.Contains("/obj/", StringComparison.Ordinal)
            from line in File.ReadLines(path).Index()
            where line.Item.Length > MostColumns
            select $"{Path.GetRelativePath(root, path)}:{line.Index + 1}");
    }

    /// <summary>A member that only one transport needs belongs in a part, which the link requests once, not in the connection.</summary>
    [Fact]
    public void A_connection_has_few_members_and_more_than_one_transport_uses_each_of_them()
    {
        MemberInfo[] members =
        [
            .. typeof(Connection).GetProperties(Declared),
            .. typeof(Connection).GetMethods(Declared).Where(static method => !method.IsSpecialName),
        ];
        Assert.InRange(members.Length, 1, MostConnectionMembers);

        Type[] kinds = [.. Types.Where(static type => type.IsSubclassOf(typeof(Connection)))];
        Assert.Empty(typeof(Connection).GetMethods(Declared)
            .Where(method => method.IsVirtual && kinds.Count(kind => Overrides(kind, method)) < 2)
            .Select(static method => method.Name)
            .Except(ConnectionParts));
    }

    private static bool Overrides(Type kind, MethodInfo method) =>
        kind.GetMethods(Declared).Any(own => own != method && own.GetBaseDefinition() == method);

    private static void AssertSizes(int most, Dictionary<string, int> larger, IEnumerable<(string Name, int Size)> sizes) =>
        Assert.Equal(
            larger.Select(static known => (known.Key, known.Value)).OrderBy(static known => known.Key, StringComparer.Ordinal),
            sizes
                .Where(size => size.Size > most)
                .Select(static size => (size.Name, size.Size))
                .OrderBy(static size => size.Name, StringComparer.Ordinal));

    private static string NameOf(Type type) => type.DeclaringType is { } outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;

    [GeneratedRegex(@"\bpartial (class|struct|record|interface)( struct)? (?<name>\w+)")]
    private static partial Regex PartOf();
}

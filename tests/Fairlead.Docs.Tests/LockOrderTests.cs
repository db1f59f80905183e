using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests;

/// <summary>The page of locks has every lock, in the order that the code checks.</summary>
public sealed partial class LockOrderTests
{
    private static readonly string[] Libraries = ["src/Fairlead", "src/Fairlead.NamedHandles"];

    [Fact]
    public void The_locking_page_lists_the_lock_ranks_in_the_order_of_the_code()
    {
        Type ranks = typeof(Address).Assembly.GetType("Fairlead.LockRank", throwOnError: true)!;

        Assert.Equal(
            Enum.GetNames(ranks).Where(static name => name != "None"),
            Row().Matches(Repository.Read("docs/design/locking.md")).Select(static row => row.Groups["rank"].Value));
    }

    [Fact]
    public void The_locking_page_names_the_type_of_each_lock()
    {
        foreach (Match row in Row().Matches(Repository.Read("docs/design/locking.md")))
        {
            string type = row.Groups["type"].Value.Split('.')[0];
            Assert.Contains(
                Libraries.SelectMany(Repository.Sources).Where(path => Path.GetFileName(path).Split('.')[0] == type),
                file => File.ReadAllText(file).Contains($"LockRank.{row.Groups["rank"].Value})", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"^\| `(?<rank>\w+)` \| `(?<type>[\w.]+)` \| ", RegexOptions.Multiline)]
    private static partial Regex Row();
}

using System.Reflection;
using System.Text.RegularExpressions;

namespace Fairlead.Tests;

/// <summary>The pages of the design name members of the engine. Each of them exists.</summary>
public sealed partial class WalkTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Theory]
    [InlineData("docs/design/walk.md", 40)]
    [InlineData("docs/design/engine.md", 25)]
    public void Each_member_that_a_page_names_exists(string page, int atLeast)
    {
        ILookup<string, Type> types = typeof(Address).Assembly.GetTypes().ToLookup(static type => type.Name.Split('`')[0]);
        string[] named =
        [
            .. Member()
                .Matches(File.ReadAllText(SourceTree.At(page)))
                .Select(static match => match.Value)
                .Where(name => types.Contains(name.Split('.')[0]))
                .Distinct(),
        ];
        Assert.True(named.Length >= atLeast, $"{page} names {named.Length} members: {string.Join(' ', named)}");
        Assert.Equal([], named.Where(name => !types[name.Split('.')[0]].Any(type => Has(type, name.Split('.')[1]))));
    }

    private static bool Has(Type type, string member) =>
        type.GetMembers(Declared).Any(declared => declared.Name == member || declared.Name.EndsWith('.' + member, StringComparison.Ordinal))
        || (type.BaseType is { } parent && Has(parent, member));

    [GeneratedRegex(@"(?<![\w./`])[A-Z]\w+\.[A-Z]\w+\b(?!\.\w|`\))|(?<=`)[A-Z]\w+\.[A-Z]\w+(?=`(?!\)))")]
    private static partial Regex Member();
}

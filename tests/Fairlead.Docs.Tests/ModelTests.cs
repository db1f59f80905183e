using System.Reflection;
using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests;

/// <summary>Checks the members that each step of a model names: renaming or removing one leads to its model.</summary>
public sealed partial class ModelTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Models =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "models"), "*.pml")
                .Select(Path.GetFileName)
                .OfType<string>()
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_member_that_a_model_names_exists(string model)
    {
        string[] members =
        [
            .. Note()
                .Matches(Repository.Read($"models/{model}"))
                .SelectMany(static note => Member().Matches(note.Groups["members"].Value))
                .Select(static member => member.Value)
                .Distinct(),
        ];
        Assert.True(members.Length >= 3, $"models/{model} names {members.Length} members after \"C#:\": which code does it stand for?");
        ILookup<string, Type> types = typeof(Address).Assembly.GetTypes().ToLookup(static type => type.Name, StringComparer.Ordinal);
        Assert.All(members, name =>
        {
            string[] parts = name.Split('.');
            Assert.True(
                types[parts[0]].Any(type => type.GetMember(parts[1], All).Length > 0),
                $"models/{model} stands for {name}, which is not there: if the code has changed, so must the model, and its note.");
        });
    }

    [GeneratedRegex(@"C#: (?<members>[^/]*)\*/")]
    private static partial Regex Note();

    [GeneratedRegex(@"\w+\.\w+")]
    private static partial Regex Member();
}

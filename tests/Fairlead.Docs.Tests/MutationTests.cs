namespace Fairlead.Docs.Tests;

/// <summary>Checks that each mutation of eng/mutations.sh fits the code once: one that does not proves nothing about the tests.</summary>
public sealed class MutationTests
{
    private const int Fields = 5;

    public static TheoryData<string> Mutations =>
        [.. Repository.Read("eng/mutations.txt").Split('\n').Where(static line => line.Length > 0 && line[0] != '#')];

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Every_mutation_matches_exactly_one_passage_of_the_code(string line)
    {
        string[] fields = line.Split('\t');
        Assert.Equal(Fields, fields.Length);
        string[] texts = [.. fields[2..4].Select(static text => text.Replace("\\n", "\n", StringComparison.Ordinal))];

        Assert.NotEqual(texts[0], texts[1]);
        Assert.Equal(1, Repository.Read($"src/Fairlead/{fields[1]}").Split(texts[0]).Length - 1);
        Assert.All(fields[4].Split('|'), static filter => Assert.StartsWith("FullyQualifiedName~", filter, StringComparison.Ordinal));
    }
}

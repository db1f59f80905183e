namespace Fairlead.Docs.Tests.Prose;

/// <summary>A sentence that breaks a rule.</summary>
internal sealed record Finding(string Path, int Line, string Rule, string Sentence)
{
    public override string ToString() => $"{Path}:{Line}: {Rule}: {Sentence}";
}

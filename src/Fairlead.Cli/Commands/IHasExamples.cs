namespace Fairlead.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal interface IHasExamples
{
    /// <summary>A command line, and what it does.</summary>
    IReadOnlyList<(string Line, string What)> Examples { get; }
}

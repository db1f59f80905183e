namespace Fairlead.Transports;

/// <summary>
/// Options of addresses that belong to one of two patterns that talk to each other. The other one ignores them, and so takes the address
/// that the first one reports.
/// </summary>
internal static class PatternOptions
{
    private static readonly (string Option, PatternKind TakenBy, PatternKind IgnoredBy)[] Table =
    [
        ("history", PatternKind.Publisher, PatternKind.Subscriber),
        ("durable", PatternKind.Sender, PatternKind.WorkQueue),
        ("durable", PatternKind.Sender, PatternKind.Receiver),
    ];

    /// <summary>Returns the options of this pattern alone, which it reads itself.</summary>
    public static string[] TakenBy(PatternKind pattern) =>
        [.. Table.Where(row => row.TakenBy == pattern).Select(static row => row.Option).Distinct()];

    /// <summary>Returns the options of the patterns that this one talks to.</summary>
    public static string[] IgnoredBy(PatternKind pattern) =>
        [.. Table.Where(row => row.IgnoredBy == pattern).Select(static row => row.Option)];
}

namespace Fairlead.RabbitMQ;

/// <summary>Translates topic patterns into binding keys of a topic exchange.</summary>
/// <remarks>
/// Both consist of words between dots, and <c>*</c> is one word in both. <c>&gt;</c> is one or more words; the broker's <c>#</c> is none or
/// more. So <c>a.&gt;</c> is <c>a.*.#</c>.
/// </remarks>
internal static class BrokerTopics
{
    /// <summary>The longest routing key of AMQP, in bytes of UTF-8.</summary>
    public const int LongestKey = 255;

    /// <summary>Returns the binding key of a valid pattern.</summary>
    public static string KeyOf(string pattern) =>
        pattern == ">" || pattern.EndsWith(".>", StringComparison.Ordinal) ? $"{pattern[..^1]}*.#" : pattern;

    /// <summary>Returns why the broker cannot bind a valid pattern, or null.</summary>
    public static string? Problem(string pattern) =>
        pattern.Split('.').Contains("#") ? "the word '#' is a wildcard of the broker"
        : System.Text.Encoding.UTF8.GetByteCount(KeyOf(pattern)) > LongestKey ? $"a pattern at a broker has at most {LongestKey} bytes"
        : null;
}

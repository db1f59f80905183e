using System.Text;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The headers of messages at the broker. Other programs need none of them: a body alone is a message.</summary>
internal static class Headers
{
    /// <summary>How the names of Fairlead's own headers begin.</summary>
    public const string Own = "fairlead-";

    /// <summary>The user's correlation identity, of a message whose correlation identity belongs to its answer.</summary>
    public const string Correlation = "fairlead-correlation";

    /// <summary>True: it was published before, and may have been stored then.</summary>
    public const string Again = "fairlead-again";

    /// <summary>True: the request may be executed twice.</summary>
    public const string Idempotent = "fairlead-idempotent";

    /// <summary>On an answer: the number of an error code. Its body is the text.</summary>
    public const string Error = "fairlead-error";

    /// <summary>Set by the broker: how often a quorum queue delivered the message before.</summary>
    public const string DeliveryCount = "x-delivery-count";

    public static bool Flag(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers?.TryGetValue(name, out object? value) == true && value is true;

    /// <summary>Returns a number, whatever width it came in; null if it is absent or something else.</summary>
    public static long? Number(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers?.TryGetValue(name, out object? value) != true
            ? null
            : value switch
            {
                long number => number,
                int number => number,
                short number => number,
                byte number => number,
                _ => null,
            };

    /// <summary>Returns a text, cut to a length that a receipt may have.</summary>
    public static string Text(ReadOnlySpan<byte> body) => Encoding.UTF8.GetString(body[..Math.Min(body.Length, 4096)]);
}

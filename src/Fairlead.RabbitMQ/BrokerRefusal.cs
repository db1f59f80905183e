using System.Globalization;

namespace Fairlead.RabbitMQ;

/// <summary>Classifies the reasons for which a broker closes a channel or a connection.</summary>
/// <remarks>
/// One number stands for several things: 406 for a queue with other options, for a message that was not accepted in time, and for one
/// that is too long; 530 for a virtual host that is closed to the user, and for a limit that is reached for now. The broker's text tells
/// them apart. A code that <see cref="BrokerErrors.IsPassing"/> names is worth another attempt; the others end the endpoint.
/// </remarks>
internal static class BrokerRefusal
{
    public const int InternalError = 541;

    private const int ConnectionForced = 320;
    private const int AccessRefused = 403;
    private const int NotFound = 404;
    private const int ResourceLocked = 405;
    private const int PreconditionFailed = 406;
    private const int NotAllowed = 530;

    /// <summary>Returns the code, what happened, and what to do.</summary>
    /// <param name="code">The broker's number.</param>
    /// <param name="text">The broker's text, such as <c>PRECONDITION_FAILED - unknown delivery tag 7</c>.</param>
    /// <param name="broker">The address that was refused.</param>
    public static (ErrorCode Code, string What, string? Remedy) Of(int code, string text, BrokerAddress broker) => code switch
    {
        // A back end that answers no question now is not a denial.
        AccessRefused when Says(text, "returned an error") => (
            ErrorCode.Unavailable,
            $"the broker cannot check the permissions of the user '{broker.Credentials.User}' now: {text}",
            "Look after the service that the broker asks for permissions."),
        AccessRefused when Says(text, "exclusive use") => (
            ErrorCode.AlreadyExists, $"another receiver has the queue '{broker.Name}' for itself: {text}", "Choose another name."),
        AccessRefused => (
            ErrorCode.PermissionDenied,
            $"the broker denies the user '{broker.Credentials.User}' this: {text}",
            "Let an administrator grant it, with rabbitmqctl set_permissions."),
        NotAllowed when Says(text, "limit") => (
            ErrorCode.Unavailable,
            $"the broker takes no further connection of the user '{broker.Credentials.User}': {text}",
            "Close other connections, or raise the limit with rabbitmqctl set_user_limits or set_vhost_limits."),
        NotAllowed when Says(text, " is down") => (
            ErrorCode.Unavailable, $"the virtual host '{broker.VirtualHost}' does not run: {text}", "Restart it with rabbitmqctl."),
        NotAllowed => (
            ErrorCode.PermissionDenied,
            $"the broker does not let the user '{broker.Credentials.User}' into the virtual host '{broker.VirtualHost}': {text}",
            "Check the part behind the host: amqp://host/virtual-host?name=…"),
        NotFound => (ErrorCode.NotFound, $"the broker has lost what this endpoint uses: {text}", null),
        ResourceLocked => (ErrorCode.AlreadyExists, $"another connection holds it alone: {text}", "Choose another name."),
        PreconditionFailed when Says(text, "acknowledgement") && Says(text, "timed out") => (
            ErrorCode.Timeout,
            $"a message of the queue '{broker.Name}' was not accepted within the broker's time limit, and is delivered again: {text}",
            "Accept messages sooner, or raise consumer_timeout at the broker."),
        PreconditionFailed when Says(text, "message size") => (
            ErrorCode.TooLarge,
            $"the broker takes no message of this length: {text}",
            "Give ?maxmessage= to the sender, or raise max_message_size at the broker."),

        // Another connection settles what it does not have: nothing that its user did.
        PreconditionFailed when Says(text, "unknown delivery tag") => (
            ErrorCode.Unavailable, $"the broker and this endpoint disagree about a delivery: {text}", null),
        PreconditionFailed => (
            ErrorCode.Incompatible,
            $"'{broker.Name}' exists with other options: {text}",
            "Give ?durable= and ?deliveries= alike at all ends, use ?declare=passive, or choose another name."),
        ConnectionForced => (ErrorCode.Unavailable, $"the broker closed the connection: {text}", null),
        _ => (ErrorCode.Unavailable, $"the connection to the broker ended: {text}", null),
    };

    /// <summary>Whether the broker has refused a message of this length, by its text.</summary>
    public static bool IsOfLength(string text, int length) =>
        Says(text, string.Create(CultureInfo.InvariantCulture, $"message size {length} "));

    private static bool Says(string text, string words) => text.Contains(words, StringComparison.Ordinal);
}

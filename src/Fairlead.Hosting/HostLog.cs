using Microsoft.Extensions.Logging;

namespace Fairlead.Hosting;

/// <summary>What the host logs, under the category <c>Fairlead.Hosting</c>. The numbers of events do not change.</summary>
internal static partial class HostLog
{
    public const string Category = "Fairlead.Hosting";

    [LoggerMessage(1, LogLevel.Information, "The {Kind} '{Name}' is open at {Address}.")]
    public static partial void Opened(ILogger logger, string kind, string name, Address address);

    [LoggerMessage(2, LogLevel.Information, "The endpoint '{Name}' is closed: {Report}.")]
    public static partial void Closed(ILogger logger, string name, CloseReport report);

    [LoggerMessage(3, LogLevel.Warning, "The endpoint '{Name}' could not be opened, and is opened again in {Pause}.")]
    public static partial void OpenFailed(ILogger logger, Exception exception, string name, TimeSpan pause);

    [LoggerMessage(4, LogLevel.Error, "The handler {Handler} of the endpoint '{Name}' failed with a message of {Peer}.")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string handler, string name, Peer peer);

    [LoggerMessage(5, LogLevel.Warning, "The endpoint '{Name}' has lost its peer, and is opened again in {Pause}.")]
    public static partial void Lost(ILogger logger, Exception exception, string name, TimeSpan pause);

    [LoggerMessage(6, LogLevel.Information, "The peer of the endpoint '{Name}' has closed. The endpoint is opened again in {Pause}.")]
    public static partial void Ended(ILogger logger, string name, TimeSpan pause);

    [LoggerMessage(7, LogLevel.Warning, "The time for stopping is over. The handlers of the endpoint '{Name}' are cancelled.")]
    public static partial void StopTimedOut(ILogger logger, string name);

    [LoggerMessage(8, LogLevel.Debug, "The endpoint '{Name}' takes no further message, and waits for the handlers that run.")]
    public static partial void Stopping(ILogger logger, string name);

    [LoggerMessage(9, LogLevel.Error, "A call of {Peer} at the server '{Name}' failed.")]
    public static partial void CallFailed(ILogger logger, Exception exception, string name, Peer? peer);

    [LoggerMessage(10, LogLevel.Information, "The server '{Name}' is closed: all calls that it had accepted have ended.")]
    public static partial void ServerClosed(ILogger logger, string name);

    [LoggerMessage(11, LogLevel.Information, "The client '{Name}' is closed.")]
    public static partial void ClientClosed(ILogger logger, string name);

    /// <summary>An event of the library, with the number and the name that it has there.</summary>
    public static void Event(ILogger logger, LogLevel level, EventId id, string text) =>
        logger.Log(level, id, text, null, static (state, _) => state);
}

using Fairlead.Rpc.Instances;

namespace Fairlead.Rpc;

/// <summary>An exception of the service, raised at the caller. The call was executed.</summary>
/// <remarks>
/// A service throws it to pass a code and a message. A call that itself fails, as by the death of the server, ends with a
/// <see cref="FairleadException"/>.
/// </remarks>
public sealed class RpcException : Exception
{
    /// <summary>Makes the exception that a service throws.</summary>
    /// <param name="code">The service's own code.</param>
    /// <param name="message">The message for the caller.</param>
    /// <param name="details">More for programs, in a form of the service's choice; at most 64 KiB reach the caller.</param>
    public RpcException(int code, string message, string? details = null)
        : base(message) => (Code, Details) = (code, details);

    internal RpcException(int code, string message, string? details, string type, string? stack, Peer? server)
        : base(message) => (Code, Details, ServerType, ServerStackTrace, Server) = (code, details, type, stack, server);

    /// <summary>The service's own code; 0 for an exception that is not of this type.</summary>
    public int Code { get; }

    /// <summary>More for programs; null: none.</summary>
    public string? Details { get; }

    /// <summary>The type of the service's exception; null in the service itself.</summary>
    public string? ServerType { get; }

    /// <summary>
    /// Whether the service made it for its caller: it is an answer. One with which a call of the service itself ended is a failure.
    /// </summary>
    internal bool IsOfThisService => ServerType is null;

    /// <summary>The stack trace in the service, if the server discloses it: <see cref="RpcServerOptions.SendStackTraces"/>.</summary>
    public string? ServerStackTrace { get; }

    /// <summary>The process of the service, if the transport knows it.</summary>
    public Peer? Server { get; }

    /// <summary>Reads it behind the status.</summary>
    internal static RpcException Read(ref RpcReader reader, Peer? server)
    {
        int code = reader.ReadInt32();
        string type = reader.ReadString();
        string message = reader.ReadString();
        return new RpcException(code, message, reader.ReadStringOrNull(), type, reader.ReadStringOrNull(), server);
    }

    /// <summary>Writes an exception of a service behind the status.</summary>
    internal static void Write(ref RpcWriter writer, Exception exception, RpcServerOptions options)
    {
        const int MostDetails = 64 * 1024;
        var chosen = exception as RpcException;
        var unmade = exception as InstanceException;
        Type thrown = (unmade?.InnerException ?? exception).GetType();
        string type = thrown.FullName ?? thrown.Name;
        writer.WriteInt32(chosen?.Code ?? 0);
        writer.WriteMessage(type);
        writer.WriteMessage(
            chosen is not null || options.ErrorDetails == ErrorDetails.Message
                ? Cut(unmade is null ? MessageOf(exception) ?? type : $"{unmade.Message}: {MessageOf(unmade.InnerException!)}", MostDetails)
                : unmade?.Message ?? $"the service failed: {type}");
        writer.WriteMessage(chosen?.Details is { } details ? Cut(details, MostDetails) : null);
        writer.WriteMessage(options.SendStackTraces && exception.StackTrace is { } stack ? Cut(stack, MostDetails) : null);
    }

    // Overridden by the service's own types: it may fail, or return null.
    private static string? MessageOf(Exception exception)
    {
        try
        {
            return exception.Message;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];
}

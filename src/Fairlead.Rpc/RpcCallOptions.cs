using System.Collections.ObjectModel;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <summary>The options of calls: how long each may take, and pairs of texts that travel with it.</summary>
/// <remarks>
/// <see cref="Use"/> applies them to the calls of the code that runs then. Immutable: any number of calls may have the same options.
/// </remarks>
/// <example><c>using (new RpcCallOptions { Timeout = TimeSpan.FromSeconds(2) }.Use())</c></example>
public sealed record RpcCallOptions
{
    /// <summary>The most pairs of <see cref="Metadata"/>.</summary>
    public const int MaxMetadata = 64;

    /// <summary>The most bytes of <see cref="Metadata"/> as it travels.</summary>
    public const int MaxMetadataBytes = 8 * 1024;

    private readonly TimeSpan? _timeout;
    private readonly ReadOnlyDictionary<string, string> _metadata = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// How long each call may take, calls with streams included; the server learns it.
    /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: without limit. Null: as the client's
    /// <see cref="RpcClientOptions.Timeout"/> says.
    /// </summary>
    public TimeSpan? Timeout
    {
        get => _timeout;
        init => _timeout = value is { } span && span <= TimeSpan.Zero && span != System.Threading.Timeout.InfiniteTimeSpan
            ? throw new ArgumentOutOfRangeException(nameof(value), value, "A timeout must be positive or Timeout.InfiniteTimeSpan.")
            : value;
    }

    /// <summary>
    /// When each call ends at the latest, calls with streams included; the server learns how much time is left. Null: as
    /// <see cref="Timeout"/> says. The earlier of both ends a call.
    /// </summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>
    /// Pairs of a name and a text, which the server sees in <see cref="RpcContext.Metadata"/>. At most 64 pairs and 8 KiB. A name has
    /// letters, digits, <c>.</c>, <c>_</c> and <c>-</c> of ASCII; upper and lower case differ.
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get => _metadata;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _metadata = new ReadOnlyDictionary<string, string>(new Dictionary<string, string>(value, StringComparer.Ordinal));
            Encoded = CallMetadata.Encode(_metadata);
        }
    }

    /// <summary>
    /// Whether the metadata of the call that a service executes travels with its own calls, too. A pair of <see cref="Metadata"/> goes
    /// before one of the same name. For servers with <see cref="RpcServerOptions.KeepContext"/>.
    /// </summary>
    public bool PassMetadata { get; init; }

    /// <summary>The metadata as it travels; empty: there is none.</summary>
    internal ReadOnlyMemory<byte> Encoded { get; private init; }

    /// <summary>
    /// Applies the options to the calls of the running code and of the tasks that it starts, until the result is disposed. Options in use
    /// before have no effect until then, but their <see cref="Deadline"/> also ends these calls.
    /// </summary>
    /// <returns>Dispose it to end the use.</returns>
    public IDisposable Use() => CallScope.Begin(this);
}

using Fairlead.Cli.Input;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Connects to a service whose contract this program does not know.</summary>
internal static class ServiceConnection
{
    /// <summary>Connects, within the time-out if there is one; waiting for the service comes before that.</summary>
    /// <param name="service">The name or address.</param>
    /// <param name="wait">How long to wait for the service.</param>
    /// <param name="timeout">How long it may take to answer; null: no limit.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="matchmaker">The matchmaker that knows the name; null: this machine.</param>
    public static async ValueTask<RpcConnection> OpenAsync(
        string service, TimeSpan wait, TimeSpan? timeout, CancellationToken cancellationToken, string? matchmaker = null)
    {
        if (service.StartsWith("inproc://", StringComparison.Ordinal))
        {
            throw ToolException.Usage($"{service}: inproc:// works inside one process only; name a service, or use unix://");
        }

        RpcClientOptions options = new()
        {
            Timeout = timeout,
            WaitForService = wait,
            Matchmaker = matchmaker,
            Endpoint = new EndpointOptions { ConnectTimeout = wait },
        };
        if (timeout is not { } limit)
        {
            return await Fairlead.Rpc.Rpc.OpenAsync(service, options, cancellationToken);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit + wait);
        try
        {
            return await Fairlead.Rpc.Rpc.OpenAsync(service, options, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(
                ExitCode.Timeout,
                $"{service} did not answer within {DurationText.Describe(limit)}. Its process may be stopped or busy");
        }
    }
}

using Fairlead.Rpc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>The settings of a server in the configuration.</summary>
internal sealed class ServerConfiguration(IConfiguration? configuration = null)
    : HostedSettings<HostedServerOptions>(configuration, Settings)
{
    private static readonly Dictionary<string, Setting<HostedServerOptions>> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(HostedServerOptions.Address)] = Setting.Text<HostedServerOptions>(static (options, text) => options.Address = text),
        [nameof(HostedServerOptions.Lifetime)] =
            Setting.OneOf<HostedServerOptions, RpcLifetime>(static (options, lifetime) => options.Lifetime = lifetime),
        [nameof(HostedServerOptions.CloseTimeout)] =
            Setting.Time<HostedServerOptions>(static (options, span) => options.CloseTimeout = span),
    };

    protected override void Complete(string name, HostedServerOptions options) => options.Address ??= name;
}

/// <summary>Checks the settings of a server before the host starts.</summary>
internal sealed class ServerValidation : IValidateOptions<HostedServerOptions>
{
    public ValidateOptionsResult Validate(string? name, HostedServerOptions options)
    {
        List<string> problems = [.. options.Problems];
        ServiceAddress.Check(options.Address!, problems);
        problems.Require(Enum.IsDefined(options.Lifetime), $"its Lifetime is {options.Lifetime}; take Call or Connection");
        problems.Require(options.CloseTimeout >= TimeSpan.Zero, $"its CloseTimeout is {options.CloseTimeout}; take zero or more");
        return HostedSettings.Judge(name, problems);
    }
}

/// <summary>The settings of a client in the configuration.</summary>
internal sealed class ClientConfiguration(IConfiguration? configuration = null)
    : HostedSettings<HostedClientOptions>(configuration, Settings)
{
    private static readonly Dictionary<string, Setting<HostedClientOptions>> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(HostedClientOptions.Address)] = Setting.Text<HostedClientOptions>(static (options, text) => options.Address = text),
        [nameof(HostedClientOptions.Start)] =
            Setting.OneOf<HostedClientOptions, EndpointStart>(static (options, start) => options.Start = start),
        [nameof(HostedClientOptions.Timeout)] = Setting.Time<HostedClientOptions>(static (options, span) => options.Timeout = span),
    };

    protected override void Complete(string name, HostedClientOptions options) => options.Address ??= name;
}

/// <summary>Checks the settings of a client before the host starts.</summary>
internal sealed class ClientValidation : IValidateOptions<HostedClientOptions>
{
    public ValidateOptionsResult Validate(string? name, HostedClientOptions options)
    {
        List<string> problems = [.. options.Problems];
        ServiceAddress.Check(options.Address!, problems);
        problems.Require(Enum.IsDefined(options.Start), $"its Start is {options.Start}; take AtStart or Lazy");
        problems.Require(
            options.Timeout is null || options.Timeout > TimeSpan.Zero, $"its Timeout is {options.Timeout}; take more than zero, or none");
        return HostedSettings.Judge(name, problems);
    }
}

/// <summary>What names a service in the settings.</summary>
internal static class ServiceAddress
{
    public static void Check(string text, List<string> problems)
    {
        try
        {
            Rpc.Rpc.CheckService(text);
        }
        catch (Exception exception) when (exception is ArgumentException or AddressFormatException)
        {
            problems.Add(exception.Message);
        }
    }
}

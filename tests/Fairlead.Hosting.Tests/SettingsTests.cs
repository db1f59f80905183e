using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting.Tests;

/// <summary>Settings come from the configuration, and wrong ones end the start with all their errors.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("Address", "unix//x", "The endpoint 'in': unix//x: ")]
    [InlineData("Adress", "unix://x", "The endpoint 'in': Fairlead:Endpoints:in:Adress is not a setting; the settings are Address, Role,")]
    [InlineData("Concurrency", "four", "Fairlead:Endpoints:in:Concurrency is 'four', which is not a whole number of 1 or more")]
    [InlineData("Concurrency", "0", "Fairlead:Endpoints:in:Concurrency is '0', which is not a whole number of 1 or more")]
    [InlineData("Role", "Client", "Fairlead:Endpoints:in:Role is 'Client', which is not one of Bind, Connect")]
    [InlineData("Start", "1", "Fairlead:Endpoints:in:Start is '1', which is not one of AtStart, Lazy")]
    [InlineData("CloseTimeout", "-1", "Fairlead:Endpoints:in:CloseTimeout is '-1', which is not a time such as 00:00:10")]
    [InlineData("Concurrency", "-1", "Fairlead:Endpoints:in:Concurrency is '-1', which is not a whole number of 1 or more")]
    [InlineData("MaxQueueDepth", "0", "Fairlead:Endpoints:in:MaxQueueDepth is '0', which is not a whole number of 1 or more")]
    [InlineData("CloseTimeout", "-0:0:1", "Fairlead:Endpoints:in:CloseTimeout is '-0:0:1', which is not a time such as 00:00:10")]
    [InlineData("RetryDelay", "0:0:0", "The endpoint 'in': its RetryDelay is 00:00:00; take more than zero")]
    [InlineData("MaxRetryDelay", "0:0:0.05", "The endpoint 'in': its MaxRetryDelay is 00:00:00.0500000; take at least its RetryDelay")]
    [InlineData("RetryDelay", "0:0:20", "The endpoint 'in': its MaxRetryDelay is 00:00:10; take at least its RetryDelay")]
    public async Task An_invalid_setting_fails_the_start(string setting, string value, string error)
    {
        using IHost host = Hosts.Make(builder => builder.AddReceiver<TextHandler>("in"), ($"Fairlead:Endpoints:in:{setting}", value));

        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(error, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Concurrency", 0L, "its Concurrency is 0; take 1 or more")]
    [InlineData("Concurrency", -1L, "its Concurrency is -1; take 1 or more")]
    [InlineData("MaxQueueDepth", 0L, "its MaxQueueDepth is 0; take 1 or more, or none")]
    [InlineData("CloseTimeout", -1L, "its CloseTimeout is -00:00:00.0010000; take zero or more")]
    [InlineData("RetryDelay", 0L, "its RetryDelay is 00:00:00; take more than zero")]
    [InlineData("RetryDelay", -1L, "its RetryDelay is -00:00:00.0010000; take more than zero")]
    [InlineData("MaxRetryDelay", 99L, "its MaxRetryDelay is 00:00:00.0990000; take at least its RetryDelay")]
    public async Task Wrong_setting_of_the_program_ends_the_start(string setting, long value, string error)
    {
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<TextHandler>("in", options => Set(options, setting, value)),
            (Hosts.AddressOf("in"), $"unix://{Hosts.NewName()}"));

        OptionsValidationException wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Equal($"The endpoint 'in': {error}", Assert.Single(wrong.Failures).TrimEnd('.'));
    }

    [Theory]
    [InlineData("Concurrency", 1L)]
    [InlineData("MaxQueueDepth", 1L)]
    [InlineData("CloseTimeout", 0L)]
    [InlineData("RetryDelay", 1L)]
    [InlineData("MaxRetryDelay", 100L)]
    public async Task Host_starts_with_the_smallest_value_of_a_setting(string setting, long value)
    {
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<TextHandler>("in", options => Set(options, setting, value)),
            (Hosts.AddressOf("in"), $"unix://{Hosts.NewName()}"));

        await host.StartAsync();
        await host.StopAsync();
    }

    [Fact]
    public async Task An_endpoint_without_an_address_fails_the_start()
    {
        using IHost host = Hosts.Make(static builder => builder.AddReceiver<TextHandler>("in").AddSender("out"));

        Exception wrong = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());

        string text = wrong.ToString();
        Assert.Contains("Set Fairlead:Endpoints:in:Address, or ConnectionStrings:in.", text, StringComparison.Ordinal);
        Assert.Contains("Set Fairlead:Endpoints:out:Address, or ConnectionStrings:out.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_overrides_the_program()
    {
        string name = Hosts.NewName();
        using IHost host = Hosts.Make(
            builder => builder.AddReceiver<TextHandler>("in", static options => options.Address = "unix://other"),
            (Hosts.AddressOf("in"), $"unix://{name}"));
        await host.StartAsync();

        Assert.Equal($"unix://{name}", host.Endpoint<Receiver>("in").Current!.Address.ToString());
        await host.StopAsync();
    }

    [Fact]
    public async Task The_role_setting_makes_a_sender_bind()
    {
        string name = Hosts.NewName();
        using IHost host = Hosts.Make(
            static builder => builder.AddSender("out"),
            (Hosts.AddressOf("out"), $"unix://{name}"),
            ("Fairlead:Endpoints:out:Role", "bind"));
        await host.StartAsync();

        Assert.True(host.Endpoint<Sender>("out").Current!.IsBound);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_pattern_that_cannot_have_the_role_fails_the_start()
    {
        using IHost host = Hosts.Make(
            static builder => builder.AddWorkQueue("queue"),
            (Hosts.AddressOf("queue"), $"unix://{Hosts.NewName()}"),
            ("Fairlead:Endpoints:queue:Role", "connect"),
            ("Fairlead:Endpoints:queue:Start", "AtStart"));

        FairleadException wrong = await Assert.ThrowsAsync<FairleadException>(() => host.StartAsync());

        Assert.Equal(ErrorCode.NotSupported, wrong.Code);
        Assert.Contains("a work queue cannot connect", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_endpoints_cannot_have_the_same_name() =>
        Assert.Throws<ArgumentException>(() => Hosts.Make(static builder => builder.AddSender("x").AddRequester("x")));

    /// <summary>Sets a count, or a time in milliseconds.</summary>
    private static void Set(HostedEndpointOptions options, string setting, long value)
    {
        TimeSpan time = TimeSpan.FromMilliseconds(value);
        switch (setting)
        {
            case nameof(HostedEndpointOptions.Concurrency): options.Concurrency = (int)value; break;
            case nameof(HostedEndpointOptions.MaxQueueDepth): options.MaxQueueDepth = value; break;
            case nameof(HostedEndpointOptions.CloseTimeout): options.CloseTimeout = time; break;
            case nameof(HostedEndpointOptions.RetryDelay): options.RetryDelay = time; break;
            case nameof(HostedEndpointOptions.MaxRetryDelay): options.MaxRetryDelay = time; break;
            default: throw new ArgumentException($"There is no setting {setting}.");
        }
    }
}

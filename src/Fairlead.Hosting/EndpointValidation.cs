using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>Checks the settings of an endpoint before the host starts.</summary>
internal sealed class EndpointValidation : IValidateOptions<HostedEndpointOptions>
{
    public ValidateOptionsResult Validate(string? name, HostedEndpointOptions options)
    {
        List<string> problems = [.. options.Problems];
        if (string.IsNullOrWhiteSpace(options.Address))
        {
            problems.Add($"it has no address. Set {HostedSettings.SectionOf(name ?? "")}:Address, or ConnectionStrings:{name}.");
        }
        else
        {
            try
            {
                _ = Address.Parse(options.Address);
            }
            catch (AddressFormatException exception)
            {
                problems.Add(exception.Message);
            }
        }

        problems.Require(options.Concurrency is null or > 0, $"its Concurrency is {options.Concurrency}; take 1 or more");
        problems.Require(options.MaxQueueDepth is null or > 0, $"its MaxQueueDepth is {options.MaxQueueDepth}; take 1 or more, or none");
        problems.Require(options.CloseTimeout >= TimeSpan.Zero, $"its CloseTimeout is {options.CloseTimeout}; take zero or more");
        problems.Require(options.RetryDelay > TimeSpan.Zero, $"its RetryDelay is {options.RetryDelay}; take more than zero");
        problems.Require(
            options.MaxRetryDelay >= options.RetryDelay, $"its MaxRetryDelay is {options.MaxRetryDelay}; take at least its RetryDelay");
        return HostedSettings.Judge(name, problems);
    }
}

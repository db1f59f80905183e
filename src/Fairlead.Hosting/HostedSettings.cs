using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>Settings that a configuration may have, whatever they are of.</summary>
internal interface IHostedOptions
{
    string? Address { get; set; }

    /// <summary>What could not be read, for the check at the start.</summary>
    List<string> Problems { get; }
}

/// <summary>One setting of a configuration.</summary>
/// <param name="Form">What it must be, in an error.</param>
/// <param name="TrySet">Reads a text. False: the text is something else.</param>
internal sealed record Setting<TOptions>(string Form, Func<TOptions, string, bool> TrySet);

/// <summary>The forms of settings.</summary>
internal static class Setting
{
    public static Setting<TOptions> Text<TOptions>(Action<TOptions, string> set) => new("a text", (options, text) =>
    {
        set(options, text);
        return text.Length > 0;
    });

    public static Setting<TOptions> Count<TOptions>(long most, Action<TOptions, long> set) =>
        new("a whole number of 1 or more", (options, text) =>
        {
            bool isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value);
            bool isCount = isNumber && value > 0 && value <= most;
            if (isCount)
            {
                set(options, value);
            }

            return isCount;
        });

    public static Setting<TOptions> Time<TOptions>(Action<TOptions, TimeSpan> set) => new("a time such as 00:00:10", (options, text) =>
    {
        bool isTime = TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) && value >= TimeSpan.Zero;
        if (isTime)
        {
            set(options, value);
        }

        return isTime;
    });

    public static Setting<TOptions> OneOf<TOptions, T>(Action<TOptions, T> set) where T : struct, Enum =>
        new($"one of {string.Join(", ", Enum.GetNames<T>())}", (options, text) =>
        {
            // A number is no name, although it can be parsed.
            bool isName = Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase);
            if (isName)
            {
                set(options, Enum.Parse<T>(text, ignoreCase: true));
            }

            return isName;
        });
}

/// <summary>Reads settings from the configuration, by hand: reflection would not survive trimming.</summary>
/// <remarks>What cannot be read is noted, and fails the start with all problems.</remarks>
/// <param name="configuration">The configuration of the host; null: it has none.</param>
/// <param name="settings">The settings by name, whose case does not matter.</param>
internal abstract class HostedSettings<TOptions>(IConfiguration? configuration, IReadOnlyDictionary<string, Setting<TOptions>> settings)
    : IPostConfigureOptions<TOptions>
    where TOptions : class, IHostedOptions
{
    public void PostConfigure(string? name, TOptions options)
    {
        if (name is null)
        {
            return;
        }

        if (configuration is not null)
        {
            Read(configuration, name, options);
        }

        Complete(name, options);
    }

    /// <summary>Sets what is neither in the program nor in the configuration.</summary>
    protected virtual void Complete(string name, TOptions options)
    {
    }

    private void Read(IConfiguration source, string name, TOptions options)
    {
        foreach (IConfigurationSection setting in source.GetSection(HostedSettings.SectionOf(name)).GetChildren())
        {
            if (!settings.TryGetValue(setting.Key, out Setting<TOptions>? known))
            {
                options.Problems.Add($"{setting.Path} is not a setting; the settings are {string.Join(", ", settings.Keys)}");
            }
            else if (setting.Value is not { } text || !known.TrySet(options, text))
            {
                options.Problems.Add($"{setting.Path} is '{setting.Value}', which is not {known.Form}");
            }
        }

        options.Address ??= source.GetConnectionString(name);
    }
}

/// <summary>Where settings stand in the configuration, and how wrong ones are told.</summary>
internal static class HostedSettings
{
    /// <summary>The section of an endpoint.</summary>
    public static string SectionOf(string name) => $"Fairlead:Endpoints:{name}";

    /// <summary>Fails the start with all problems, or lets it go on.</summary>
    public static ValidateOptionsResult Judge(string? name, List<string> problems) => problems.Count == 0
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(problems.Select(problem => $"The endpoint '{name}': {problem}"));

    /// <summary>Notes a problem unless something holds.</summary>
    public static void Require(this List<string> problems, bool holds, string problem)
    {
        if (!holds)
        {
            problems.Add(problem);
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Fairlead;

/// <summary>
/// A URI that names a mechanism and a place: <c>shm://orders</c>, <c>unix:///tmp/orders?framing=line</c>, <c>tcp://localhost:5242</c>.
/// Immutable; two addresses are equal when their normal forms are.
/// </summary>
public sealed partial class Address : IEquatable<Address>
{
    private readonly string _text;
    private readonly AddressScheme _scheme;
    private readonly string _escapedPlace;

    private Address(
        AddressScheme scheme,
        string place,
        string escapedPlace,
        string? host,
        int? port,
        IReadOnlyList<KeyValuePair<string, string>> options)
    {
        _scheme = scheme;
        _escapedPlace = escapedPlace;
        Place = place;
        Host = host;
        Port = port;
        Options = options;
        _text = Compose();
    }

    /// <summary>The mechanism, in lower case: <c>unix</c>.</summary>
    public string Scheme => _scheme.Name;

    /// <summary>What stands between <c>://</c> and <c>?</c>, with percent escapes undone: a name, a path, a host with its port.</summary>
    public string Place { get; }

    /// <summary>Whether the place is a name that is looked up in the runtime directory.</summary>
    public bool IsBareName => !IsPath && !IsAbstract && (_scheme.Places & PlaceKinds.Name) != 0 && !Place.Contains(',');

    /// <summary>Whether the place is an absolute path.</summary>
    public bool IsPath => (_scheme.Places & PlaceKinds.Path) != 0 && Place[0] == '/';

    /// <summary>Whether the place lies in the abstract namespace of Unix sockets, which has no files: <c>unix://@orders</c>.</summary>
    public bool IsAbstract => (_scheme.Places & PlaceKinds.Abstract) != 0 && Place[0] == '@';

    /// <summary>
    /// The host of a network address, in lower case and without the brackets of IPv6; <c>*</c> means every interface. Else
    /// <see langword="null"/>. A broker's hosts stay in <see cref="Place"/>.
    /// </summary>
    public string? Host { get; }

    /// <summary>The port of a network address; else <see langword="null"/>. Port 0 binds any free port.</summary>
    public int? Port { get; }

    /// <summary>The options in the order given, percent escapes undone. No name occurs twice.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Options { get; }

    /// <summary>The form for messages and tables: <see cref="ToString"/> with a broker's password hidden.</summary>
    internal string Display => AddressText.Display(_text);

    /// <summary>The value of an option, or <see langword="null"/> when it is not given.</summary>
    public string? Option(string name)
    {
        foreach (var option in Options)
        {
            if (option.Key == name)
            {
                return option.Value;
            }
        }

        return null;
    }

    /// <summary>The same address with an option added, or its value replaced in place.</summary>
    /// <exception cref="AddressFormatException">The name is no option name, or the value is not valid Unicode text.</exception>
    public Address With(string option, string value)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(value);
        if (OptionNameProblem(option) is { } problem)
        {
            throw new AddressFormatException(_text, problem);
        }

        if (AddressText.Unescape(AddressText.Escape(value, AddressText.OptionSpecials), out var unfit) is null)
        {
            throw new AddressFormatException(_text, $"the value of option '{option}' cannot be used: {unfit}");
        }

        var options = new List<KeyValuePair<string, string>>(Options.Count + 1);
        var replaced = false;
        foreach (var existing in Options)
        {
            replaced |= existing.Key == option;
            options.Add(existing.Key == option ? new(option, value) : existing);
        }

        if (!replaced)
        {
            options.Add(new(option, value));
        }

        return new Address(_scheme, Place, _escapedPlace, Host, Port, options.AsReadOnly());
    }

    /// <summary>The same address without an option; itself when it has none of that name.</summary>
    public Address Without(string option)
    {
        if (Option(option) is null)
        {
            return this;
        }

        var options = Options.Where(existing => existing.Key != option).ToList();
        return new Address(_scheme, Place, _escapedPlace, Host, Port, options.AsReadOnly());
    }

    /// <summary>The same address at another port: what a listener on port 0 was given.</summary>
    /// <exception cref="InvalidOperationException">The address has no port.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 to 65535.</exception>
    public Address WithPort(int port)
    {
        if (Host is null)
        {
            throw new InvalidOperationException($"{Display} has no port: only tcp, tls and udp addresses do.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        var place = ComposeHostPort(Host, port);
        return new Address(_scheme, place, AddressText.Escape(place, AddressText.PlaceSpecials), Host, port, Options);
    }

    /// <summary>
    /// The same address without any option: what identifies the place. What a bound endpoint reports
    /// (<see cref="MessagingEndpoint.Address"/>) carries its own options, of which some are not for the other end.
    /// </summary>
    public Address WithoutOptions() =>
        Options.Count == 0 ? this : new Address(_scheme, Place, _escapedPlace, Host, Port, []);

    /// <summary>
    /// The normal form: parsing it gives an equal address. A broker's address shows its password here; error messages hide it.
    /// </summary>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] Address? other) => other is not null && other._text == _text;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as Address);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Whether both name the same place with the same options.</summary>
    public static bool operator ==(Address? left, Address? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Address? left, Address? right) => !(left == right);

    /// <summary>Reads an address, so that every method that takes one takes its text: <c>Receiver.BindAsync("unix://orders")</c>.</summary>
    /// <exception cref="AddressFormatException">The text is no address.</exception>
    public static implicit operator Address(string text) => Parse(text);

    private static string ComposeHostPort(string host, int port) => host.Contains(':')
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    private string Compose()
    {
        var text = new StringBuilder(_scheme.Name).Append("://").Append(_escapedPlace);
        var separator = '?';
        foreach (var (name, value) in Options)
        {
            text.Append(separator).Append(name).Append('=').Append(AddressText.Escape(value, AddressText.OptionSpecials));
            separator = '&';
        }

        return text.ToString();
    }
}

// Gets a certificate with npm's acme-client: DIRECTORY CSR WELL-KNOWN OUT
const acme = require('acme-client');
const fs = require('fs');
const path = require('path');

async function main([directoryUrl, csr, wellKnown, out]) {
    const client = new acme.Client({ directoryUrl, accountKey: await acme.crypto.createPrivateEcdsaKey() });
    const chain = await client.auto({
        csr: fs.readFileSync(csr),
        termsOfServiceAgreed: true,
        challengePriority: ['http-01'],
        skipChallengeVerification: true,
        challengeCreateFn: async (authz, challenge, keyAuthorization) => {
            fs.writeFileSync(path.join(wellKnown, challenge.token), keyAuthorization);
        },
        challengeRemoveFn: async () => {},
    });
    fs.writeFileSync(out, chain);
}

main(process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
